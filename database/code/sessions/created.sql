-- Records that the provider has made its part of a session: from here on the shopper can be sent
-- there. No row: the session isn't being created anymore.
--   p_external: the provider's id, or NULL. p_redirect_url: its page for the shopper, or NULL.
--   p_redirect_ticket, p_return_ticket: what opens the session's redirect and its return page.
--   body: the session as it is shown. xid, tags: the transaction and the session, since a held
--   one was shown before.
CREATE OR REPLACE FUNCTION session_created(
    p_session uuid, p_external text, p_redirect_url text, p_organization uuid,
    p_redirect_ticket text DEFAULT NULL, p_return_ticket text DEFAULT NULL)
RETURNS TABLE (body text, xid text, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    -- Locked before the row: an event of this order that is being applied comes to the row, too.
    PERFORM payment_lock_orders((SELECT ARRAY[s.order_id::text] FROM payment_sessions s
        WHERE s.organization_id = p_organization AND s.id = p_session), false);
    RETURN QUERY
    UPDATE payment_sessions s SET status = 'awaiting_redirect', external_id = p_external,
        redirect_url = p_redirect_url, redirect_ticket = p_redirect_ticket,
        return_ticket = p_return_ticket, updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_session AND s.status = 'creating'
        AND s.expires_at > now()
    RETURNING session_document(s), pg_current_xact_id()::text,
        ARRAY['session:' || p_organization || '/' || p_session];
END $$;
