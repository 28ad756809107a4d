-- Gives waiting objects to their orders: by the reference that the provider was told, or by the
-- session that opened the payment; refunds and disputes by their payment. Only objects of an
-- account of the order's organisation are given.
CREATE OR REPLACE FUNCTION payment_attach(p_orders uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_objects o SET updated_at = now(),
        order_id = CASE WHEN a.organization_id = r.organization_id THEN r.id END,
        refused = CASE WHEN a.organization_id <> r.organization_id THEN 'foreign-order' END
    FROM orders r, provider_accounts a
    WHERE r.id = ANY (p_orders) AND o.order_reference = r.id::text
        AND o.order_id IS NULL AND o.refused IS NULL
        AND a.provider = o.provider AND a.account = o.account;

    IF EXISTS (SELECT FROM payment_sessions s WHERE s.order_id = ANY (p_orders)) THEN
        -- By the session: the payment and what else came of the provider's order, then the payment
        -- that is the session's own. Two statements, since no one index finds both.
        UPDATE payment_objects o SET order_id = s.order_id, updated_at = now()
        FROM provider_accounts a, payment_sessions s
        WHERE s.order_id = ANY (p_orders) AND s.gateway = o.provider
            AND o.order_id IS NULL AND o.refused IS NULL AND o.order_reference IS NULL
            AND o.external_order = s.external_id
            AND a.provider = o.provider AND a.account = o.account
            AND a.organization_id = s.organization_id;

        UPDATE payment_objects o SET order_id = s.order_id, updated_at = now()
        FROM provider_accounts a, payment_sessions s
        WHERE s.order_id = ANY (p_orders) AND s.gateway = o.provider
            AND o.order_id IS NULL AND o.refused IS NULL AND o.order_reference IS NULL
            AND o.kind = 'payment' AND o.object_id = s.external_id
            AND a.provider = o.provider AND a.account = o.account
            AND a.organization_id = s.organization_id;
    END IF;

    UPDATE payment_objects c SET order_id = p.order_id, updated_at = now()
    FROM payment_objects p
    WHERE p.order_id = ANY (p_orders) AND p.kind = 'payment'
        AND c.provider = p.provider AND c.account = p.account
        AND c.parent_id IN (p.object_id, p.alias)
        AND c.kind IN ('refund', 'dispute') AND c.order_id IS NULL AND c.refused IS NULL;
END $$;
