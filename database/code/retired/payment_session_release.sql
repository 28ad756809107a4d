-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. session_postpone is the function now.
CREATE OR REPLACE FUNCTION payment_session_release(p_organization uuid, p_id uuid)
RETURNS text[] LANGUAGE sql
BEGIN ATOMIC
    SELECT s.tags FROM session_postpone(p_id, p_organization) AS s;
END;
