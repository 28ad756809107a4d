-- Gives up a session: nothing came of it before a provider was asked, or the provider has said no.
-- The key and the order's place are free again. A session that an operator has let go on was shown,
-- so it stays and has failed.
--   xid, tags: the transaction and the session.
CREATE OR REPLACE FUNCTION session_abandon(p_session uuid, p_organization uuid)
RETURNS TABLE (xid text, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM payment_sessions s WHERE s.organization_id = p_organization AND s.id = p_session
        AND s.status = 'creating' AND s.released_at IS NULL;
    UPDATE payment_sessions s SET status = 'failed', reason = 'refused', updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_session AND s.status = 'creating';
    xid := pg_current_xact_id()::text;
    tags := ARRAY['session:' || p_organization || '/' || p_session];
    RETURN NEXT;
END $$;
