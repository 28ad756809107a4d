-- Gives waiting objects to their order: by the reference that the provider was told, or by the
-- session that opened the payment; refunds and disputes by their payment. Only objects of an
-- account of the order's organisation are given.
CREATE OR REPLACE FUNCTION payment_attach(p_order orders) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_objects o SET refused = 'foreign-order', updated_at = now()
    WHERE o.order_id IS NULL AND o.refused IS NULL AND o.order_reference = p_order.id::text
        AND EXISTS (SELECT FROM provider_accounts a WHERE a.provider = o.provider
            AND a.account = o.account
            AND a.organization_id <> p_order.organization_id);

    UPDATE payment_objects o SET order_id = p_order.id, updated_at = now()
    FROM provider_accounts a
    WHERE o.order_id IS NULL AND o.refused IS NULL
        AND a.provider = o.provider AND a.account = o.account
        AND a.organization_id = p_order.organization_id
        AND o.order_reference = p_order.id::text;

    -- By the session: the payment and what else came of the provider's order, then the payment
    -- that is the session's own. Two statements, since no one index finds both.
    UPDATE payment_objects o SET order_id = p_order.id, updated_at = now()
    FROM provider_accounts a, payment_sessions s
    WHERE s.order_id = p_order.id AND s.gateway = o.provider
        AND o.order_id IS NULL AND o.refused IS NULL AND o.order_reference IS NULL
        AND o.external_order = s.external_id
        AND a.provider = o.provider AND a.account = o.account
        AND a.organization_id = p_order.organization_id;

    UPDATE payment_objects o SET order_id = p_order.id, updated_at = now()
    FROM provider_accounts a, payment_sessions s
    WHERE s.order_id = p_order.id AND s.gateway = o.provider
        AND o.order_id IS NULL AND o.refused IS NULL AND o.order_reference IS NULL
        AND o.kind = 'payment' AND o.object_id = s.external_id
        AND a.provider = o.provider AND a.account = o.account
        AND a.organization_id = p_order.organization_id;

    UPDATE payment_objects c SET order_id = p_order.id, updated_at = now()
    FROM payment_objects p
    WHERE p.order_id = p_order.id AND p.kind = 'payment'
        AND c.provider = p.provider AND c.account = p.account
        AND c.parent_id IN (p.object_id, p.alias)
        AND c.kind IN ('refund', 'dispute') AND c.order_id IS NULL AND c.refused IS NULL;
END $$;
