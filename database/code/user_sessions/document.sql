-- A user session as it is shown. Its end isn't: a read would change it, and so the session's ETag.
CREATE OR REPLACE FUNCTION user_session_document(s user_sessions) RETURNS text
LANGUAGE sql STABLE
RETURN json_build_object(
    'id', s.id,
    'owner', s.principal,
    'data', s.data,
    'validSeconds', s.valid_seconds,
    'version', s.version,
    'createdAt', time_text(s.created_at),
    'updatedAt', time_text(s.updated_at))::text;
