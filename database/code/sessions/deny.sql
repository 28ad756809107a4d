-- Ends a session that the shop's fraud check has refused. The order's place is free; the key stays
-- taken, so that the same request again gets the same refusal. No row: it isn't being created
-- anymore.
--   p_fraud: the judgement, as payment_sessions.fraud.
--   xid, tags: the transaction and the session.
CREATE OR REPLACE FUNCTION session_deny(p_session uuid, p_organization uuid, p_fraud jsonb)
RETURNS TABLE (xid text, tags text[]) LANGUAGE sql
BEGIN ATOMIC
    UPDATE payment_sessions s SET status = 'failed', reason = 'denied', fraud = p_fraud,
        updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_session AND s.status = 'creating'
        AND s.expires_at > now()
    RETURNING pg_current_xact_id()::text, ARRAY['session:' || p_organization || '/' || p_session];
END;
