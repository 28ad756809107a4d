-- The provider has made its part: from here on the shopper can be sent there. No row: the session isn't being created anymore.
CREATE OR REPLACE FUNCTION payment_session_created(p_organization uuid, p_id uuid, p_external text, p_redirect_url text)
RETURNS TABLE (body text) LANGUAGE plpgsql AS $$
BEGIN
    -- Before the row: an event of this order that is being applied comes to it, too.
    PERFORM payment_lock_orders((SELECT ARRAY[s.order_id::text] FROM payment_sessions s WHERE s.organization_id = p_organization AND s.id = p_id),
        false);
    RETURN QUERY UPDATE payment_sessions s SET status = 'awaiting_redirect', external_id = p_external, redirect_url = p_redirect_url, updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_id AND s.status = 'creating' AND s.expires_at > now()
    RETURNING payment_session_document(s);
END $$;
