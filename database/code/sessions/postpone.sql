-- Ends a lease early: the provider was away and the caller has given up for now, so the next caller
-- need not wait.
--   p_rests: as provider_rest takes it.
--   xid, tags: the transaction and what it announced, since a session that an operator has let go
--   on was shown before.
CREATE OR REPLACE FUNCTION session_postpone(p_session uuid, p_organization uuid,
    p_rests jsonb DEFAULT NULL)
RETURNS TABLE (xid text, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM provider_rest(p_rests);
    UPDATE payment_sessions s SET leased_until = now(), updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_session AND s.status = 'creating';
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{payment_sessions}');
    RETURN NEXT;
END $$;
