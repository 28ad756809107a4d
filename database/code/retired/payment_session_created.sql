-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. session_created is the function now.
CREATE OR REPLACE FUNCTION payment_session_created(
    p_organization uuid, p_id uuid, p_external text, p_redirect_url text)
RETURNS TABLE (body text) LANGUAGE sql
BEGIN ATOMIC
    SELECT s.body FROM session_created(p_id, p_external, p_redirect_url, p_organization) AS s;
END;
