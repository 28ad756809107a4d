-- One session, expired or not. p_customer: the only customer whose it may be, or NULL.
CREATE OR REPLACE FUNCTION payment_session_get(p_organization uuid, p_id uuid, p_customer uuid)
RETURNS TABLE (body text, customer text, order_id text, external_id text, redirect_url text, status text, gateway text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT payment_session_document(s), s.customer_id::text, s.order_id::text, s.external_id, s.redirect_url,
        payment_session_document(s)::json ->> 'status', s.gateway
    FROM payment_sessions s
    WHERE s.organization_id = p_organization AND s.id = p_id AND (s.status <> 'creating' OR s.released_at IS NOT NULL)
        AND (p_customer IS NULL OR s.customer_id = p_customer);
END;
