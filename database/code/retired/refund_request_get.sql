-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. refund_get is the function now.
CREATE OR REPLACE FUNCTION refund_request_get(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, state text, reason text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT r.body, r.state, r.reason FROM refund_get(p_organization, p_id) AS r;
END;
