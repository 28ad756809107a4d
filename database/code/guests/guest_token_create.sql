-- Gives a live order a token. p_customer: the only customer whose order it may be, or NULL. False: no such order.
CREATE OR REPLACE FUNCTION guest_token_create(p_organization uuid, p_order uuid, p_customer uuid, p_hmac bytea, p_valid interval, p_principal text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM guest_tokens g WHERE g.token_hmac IN (SELECT d.token_hmac FROM guest_tokens d WHERE d.expires_at <= now()
        ORDER BY d.expires_at LIMIT 10 FOR UPDATE SKIP LOCKED);
    INSERT INTO guest_tokens (token_hmac, organization_id, customer_id, order_id, created_by, expires_at)
    SELECT p_hmac, o.organization_id, o.customer_id, o.id, p_principal, now() + p_valid
    FROM orders o WHERE o.organization_id = p_organization AND o.id = p_order AND o.deleted_at IS NULL
        AND (p_customer IS NULL OR o.customer_id = p_customer);
    RETURN FOUND;
END $$;
