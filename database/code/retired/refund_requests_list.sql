-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. refund_list is the function now.
CREATE OR REPLACE FUNCTION refund_requests_list(p_organization uuid, p_payment uuid)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT r.body FROM refund_list(p_organization, p_payment) AS r;
END;
