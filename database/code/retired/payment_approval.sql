-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. approval_begin is the function now. It writes, so this one still
-- decides by itself: only an open session's approval is captured.
CREATE OR REPLACE FUNCTION payment_approval(p_gateway text, p_external text)
RETURNS TABLE (session text, refusals integer) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.id::text, s.capture_refusals FROM payment_sessions s JOIN orders o ON o.id = s.order_id
    WHERE s.gateway = p_gateway AND s.external_id = p_external
        AND s.status IN ('awaiting_redirect', 'awaiting_callback')
        AND s.expires_at > now() AND approval_hindrance(s, o) IS NULL;
END;
