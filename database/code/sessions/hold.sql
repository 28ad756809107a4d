-- Holds a session that is being created for review. No row: it isn't being created anymore.
--   p_score, p_signals: why. p_cancel_url: the shopper's way back. p_valid: how many seconds the
--   session waits. p_fraud: the judgement, as payment_sessions.fraud; NULL without a check.
--   body: the session as it is shown. xid, tags: the transaction and the session.
CREATE OR REPLACE FUNCTION session_hold(
    p_session uuid, p_score integer, p_signals text[], p_cancel_url text, p_valid bigint,
    p_organization uuid, p_fraud jsonb DEFAULT NULL)
RETURNS TABLE (body text, xid text, tags text[]) LANGUAGE sql
BEGIN ATOMIC
    UPDATE payment_sessions s SET status = 'needs_review', review_score = p_score,
        review_signals = p_signals, cancel_url = p_cancel_url, fraud = p_fraud,
        expires_at = now() + p_valid * interval '1 second', updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_session AND s.status = 'creating'
        AND s.expires_at > now()
    RETURNING session_document(s), pg_current_xact_id()::text,
        ARRAY['session:' || p_organization || '/' || p_session];
END;
