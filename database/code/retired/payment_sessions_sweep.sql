-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. session_sweep is the function now.
CREATE OR REPLACE FUNCTION payment_sessions_sweep(p_limit integer)
RETURNS TABLE (swept bigint, tags text[]) LANGUAGE sql
BEGIN ATOMIC
    SELECT s.swept, s.tags FROM session_sweep(p_limit) AS s;
END;
