-- Whether an approval may still wait for its capture: while its session is open, and for a quarter
-- of an hour after it was told, since the provider's servers may know of it late.
CREATE OR REPLACE FUNCTION approval_may_wait(s payment_sessions, told_at timestamptz)
RETURNS boolean LANGUAGE sql STABLE
RETURN session_status(s.status, s.expires_at) IN ('awaiting_redirect', 'awaiting_callback')
    OR told_at > now() - interval '15 minutes';
