-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. webhook_sweep is the function now.
CREATE OR REPLACE FUNCTION webhook_bodies_sweep(p_limit integer) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    SELECT s.forgotten FROM webhook_sweep(p_limit) AS s;
END;
