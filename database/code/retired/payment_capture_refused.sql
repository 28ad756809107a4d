-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. capture_refused is the function now.
CREATE OR REPLACE FUNCTION payment_capture_refused(
    p_gateway text, p_external text, p_refusals integer)
RETURNS text[] LANGUAGE sql
BEGIN ATOMIC
    SELECT c.tags FROM capture_refused(p_gateway, p_external, p_refusals) AS c;
END;
