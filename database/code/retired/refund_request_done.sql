-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. refund_done is the function now.
CREATE OR REPLACE FUNCTION refund_request_done(
    p_id uuid, p_lease uuid, p_external text, p_reason text, p_retry interval)
RETURNS boolean LANGUAGE sql
BEGIN ATOMIC
    SELECT d.done::boolean
    FROM refund_done(p_id, p_lease, p_external, p_reason, p_retry::text) AS d;
END;
