-- Keeps what was made of a session before its provider is asked. No row: it isn't being created
-- anymore, or was judged by another request meanwhile.
--   p_fraud: the judgement, as payment_sessions.fraud.
--   xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION session_judged(p_session uuid, p_organization uuid, p_fraud jsonb)
RETURNS TABLE (xid text, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_sessions s SET fraud = p_fraud, updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_session AND s.status = 'creating'
        AND s.expires_at > now() AND s.fraud IS NULL;
    IF FOUND THEN
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{payment_sessions}');
        RETURN NEXT;
    END IF;
END $$;
