-- Takes back all guest tokens of an order.
--   p_customer: the order must be this customer's; NULL for any.
--   p_actor: the principal that asks, for the audit.
--   revoked: the number of tokens. found: 0 if there is no such order, else 1.
-- Nothing that is cached changes.
CREATE OR REPLACE FUNCTION guest_token_revoke(p_organization uuid, p_order uuid, p_customer uuid,
    p_actor text DEFAULT NULL)
RETURNS TABLE (revoked bigint, found integer) LANGUAGE sql
BEGIN ATOMIC
    SELECT payment_actor(p_actor);
    WITH taken AS (
        UPDATE guest_tokens g SET revoked_at = now()
        WHERE g.organization_id = p_organization AND g.order_id = p_order
            AND (p_customer IS NULL OR g.customer_id = p_customer)
            AND g.revoked_at IS NULL AND g.expires_at > now()
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM taken), EXISTS (SELECT FROM orders o
        WHERE o.organization_id = p_organization AND o.id = p_order
            AND (p_customer IS NULL OR o.customer_id = p_customer))::integer;
END;
