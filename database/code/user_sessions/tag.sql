-- The tag that a user session in the cache depends on.
CREATE OR REPLACE FUNCTION user_session_tag(p_organization uuid, p_id uuid) RETURNS text
LANGUAGE sql IMMUTABLE RETURN 'user_session:' || p_organization::text || '/' || p_id::text;
