-- Holds a session that is being created. No row: it isn't being created anymore.
CREATE OR REPLACE FUNCTION payment_session_hold(p_organization uuid, p_id uuid, p_score integer, p_signals text[], p_cancel_url text, p_valid interval)
RETURNS TABLE (body text) LANGUAGE sql
BEGIN ATOMIC
    UPDATE payment_sessions s SET status = 'needs_review', review_score = p_score, review_signals = p_signals, cancel_url = p_cancel_url,
        expires_at = now() + p_valid, updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_id AND s.status = 'creating' AND s.expires_at > now()
    RETURNING payment_session_document(s);
END;
