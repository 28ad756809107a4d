-- Gives a live order a guest token.
--   p_customer: the order must be this customer's; NULL for any.
--   p_hmac: the token's HMAC in hexadecimal digits. p_seconds: how long the token is valid.
--   p_principal: the caller.
--   created: 0 if there is no such order, else 1. expires_at: RFC 3339.
-- Each call clears a few tokens that have expired. Nothing that is cached changes.
CREATE OR REPLACE FUNCTION guest_token_create(
    p_organization uuid, p_order uuid, p_customer uuid, p_hmac text, p_seconds bigint,
    p_principal text)
RETURNS TABLE (created integer, expires_at text) LANGUAGE plpgsql AS $$
DECLARE
    v_end CONSTANT timestamptz := now() + p_seconds * interval '1 second';
BEGIN
    PERFORM payment_actor(p_principal);
    DELETE FROM guest_tokens g WHERE g.token_hmac IN (SELECT d.token_hmac FROM guest_tokens d
        WHERE d.expires_at <= now() ORDER BY d.expires_at LIMIT 10 FOR UPDATE SKIP LOCKED);
    INSERT INTO guest_tokens (token_hmac, organization_id, customer_id, order_id, created_by,
        expires_at)
    SELECT decode(p_hmac, 'hex'), o.organization_id, o.customer_id, o.id, p_principal, v_end
    FROM orders o WHERE o.organization_id = p_organization AND o.id = p_order
        AND o.deleted_at IS NULL AND (p_customer IS NULL OR o.customer_id = p_customer);
    created := FOUND::integer;
    expires_at := time_text(v_end);
    RETURN NEXT;
END $$;
