-- A session's status at this moment: an open session whose time is over has failed, swept or not.
CREATE OR REPLACE FUNCTION session_status(status text, expires_at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
    AND expires_at <= now()
    THEN 'failed' ELSE status END;
