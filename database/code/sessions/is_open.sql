-- Whether a shopper may be paying in a session at this moment, or its payment is being captured.
CREATE OR REPLACE FUNCTION session_is_open(s payment_sessions) RETURNS boolean
LANGUAGE sql STABLE
RETURN s.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
    AND s.expires_at > now()
    OR s.status <> 'completed' AND approval_under_way(s.id);
