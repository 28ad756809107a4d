-- Whether a provider is being asked to capture what a session has opened.
CREATE OR REPLACE FUNCTION approval_under_way(p_session uuid) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM captures_under_way c WHERE c.session_id = p_session AND c.until > now());
