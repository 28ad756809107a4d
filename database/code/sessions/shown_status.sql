-- The status that a session is shown in: one that was let go on is shown as held until the provider
-- has made its part.
CREATE OR REPLACE FUNCTION session_shown_status(status text, expires_at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE session_status(status, expires_at) WHEN 'creating' THEN 'needs_review'
    ELSE session_status(status, expires_at) END;
