-- From a provider's objects to an order's payments and its payment status: always all objects, never one event. The same set of
-- observations gives the same result in whatever order it came.

-- Nobody else folds these orders until this transaction ends, and none of them appears meanwhile. Whoever makes them appear (p_new) waits for
-- the folds only, not for others who do the same. By bucket: a transaction that places any number of orders holds at most 512 locks.
CREATE FUNCTION payment_lock_orders(p_orders text[], p_new boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bucket bigint;
BEGIN
    -- Always in this order, so that two can't wait for each other.
    FOR bucket IN SELECT DISTINCT hashtextextended(r, 0) & 511 FROM unnest(p_orders) AS r WHERE r IS NOT NULL ORDER BY 1 LOOP
        IF p_new THEN
            PERFORM pg_advisory_xact_lock_shared(hashtextextended('payments/orders', bucket));
        ELSE
            PERFORM pg_advisory_xact_lock(hashtextextended('payments/orders', bucket));
        END IF;
    END LOOP;
END $$;

-- Gives waiting objects to their order: by the reference that the provider was told, by the session that opened the payment; refunds
-- and disputes by their payment. Only objects of an account of the order's organisation.
CREATE FUNCTION payment_attach(p_order orders) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_objects o SET refused = 'foreign-order', updated_at = now()
    WHERE o.order_id IS NULL AND o.refused IS NULL AND o.order_reference = p_order.id::text
        AND EXISTS (SELECT FROM provider_accounts a WHERE a.provider = o.provider AND a.account = o.account
            AND a.organization_id <> p_order.organization_id);

    UPDATE payment_objects o SET order_id = p_order.id, updated_at = now()
    FROM provider_accounts a
    WHERE o.order_id IS NULL AND o.refused IS NULL
        AND a.provider = o.provider AND a.account = o.account AND a.organization_id = p_order.organization_id
        AND o.order_reference = p_order.id::text;

    UPDATE payment_objects o SET order_id = p_order.id, updated_at = now()
    FROM provider_accounts a, payment_sessions s
    WHERE s.order_id = p_order.id AND s.gateway = o.provider
        AND o.order_id IS NULL AND o.refused IS NULL AND o.order_reference IS NULL
        AND (o.external_order = s.external_id OR o.kind = 'payment' AND o.object_id = s.external_id)
        AND a.provider = o.provider AND a.account = o.account AND a.organization_id = p_order.organization_id;

    UPDATE payment_objects c SET order_id = p_order.id, updated_at = now()
    FROM payment_objects p
    WHERE p.order_id = p_order.id AND p.kind = 'payment'
        AND c.provider = p.provider AND c.account = p.account AND c.parent_id IN (p.object_id, p.alias)
        AND c.kind IN ('refund', 'dispute') AND c.order_id IS NULL AND c.refused IS NULL;
END $$;

-- What became of each payment of an order.
CREATE VIEW payment_object_outcomes AS
SELECT p.*,
    CASE p.state
        WHEN 'pending' THEN 'pending'
        WHEN 'authorized' THEN 'authorized'
        WHEN 'completed' THEN CASE
            WHEN c.disputed THEN 'disputed'
            WHEN c.reversed THEN 'reversed'
            WHEN r.refunded >= p.amount AND r.refunded > 0 THEN 'refunded'
            WHEN r.refunded > 0 THEN 'partially_refunded'
            ELSE 'paid' END
        ELSE 'failed'
    END AS outcome,
    CASE WHEN p.state = 'completed' THEN r.refunded ELSE 0 END AS refunded
FROM payment_objects p
CROSS JOIN LATERAL (
    SELECT coalesce(sum(c.amount) FILTER (WHERE c.kind = 'refund' AND c.state = 'completed'), 0) AS summed,
        coalesce(max(c.refunded_total) FILTER (WHERE c.kind = 'refund' AND c.state = 'completed'), 0) AS counted,
        -- Refunds that failed since the provider last gave the sum are still in it.
        coalesce(sum(c.amount) FILTER (WHERE c.kind = 'refund' AND c.state IN ('failed', 'cancelled')
            AND c.changed_at >= p.refunded_total_at), 0) AS failed_since,
        coalesce(bool_or(c.kind = 'dispute' AND c.state = 'open'), false) AS disputed,
        coalesce(bool_or(c.kind = 'refund' AND c.reversal AND c.state = 'completed' OR c.kind = 'dispute' AND c.state = 'lost'), false)
            AS reversed
    FROM payment_objects c
    WHERE c.provider = p.provider AND c.account = p.account AND c.parent_id IN (p.object_id, p.alias)
        AND c.kind IN ('refund', 'dispute') AND c.order_id = p.order_id
        AND (c.kind = 'dispute' OR c.currency = p.currency)
) AS c
CROSS JOIN LATERAL (
    SELECT least(p.amount, greatest(c.summed, c.counted, coalesce(p.refunded_total, 0) - c.failed_since)) AS refunded
) AS r
WHERE p.kind = 'payment' AND p.order_id IS NOT NULL;

-- The payment status of an order by precedence, with what was captured and what went back, in the order's currency. Payments that
-- somebody recorded by hand count, too.
CREATE FUNCTION order_payment_state(p_order orders, OUT payment_status text, OUT captured numeric, OUT refunded numeric)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT CASE
            WHEN t.disputed THEN 'disputed'
            WHEN t.reversed THEN 'reversed'
            WHEN t.captured > 0 AND t.refunded >= t.captured THEN 'refunded'
            WHEN t.refunded > 0 THEN 'partially_refunded'
            WHEN t.captured = 0 AND p_order.total_amount = 0 THEN 'none_required'
            WHEN t.captured > 0 AND t.captured >= p_order.total_amount THEN 'paid'
            WHEN t.captured > 0 THEN 'partially_paid'
            WHEN t.authorized THEN 'authorized'
            WHEN t.pending THEN 'pending'
            WHEN t.failed THEN 'failed'
            ELSE 'unpaid'
        END, t.captured, t.refunded
    INTO payment_status, captured, refunded
    FROM (
        SELECT coalesce(bool_or(p.status = 'disputed'), false) AS disputed,
            coalesce(bool_or(p.status = 'reversed'), false) AS reversed,
            coalesce(sum(p.amount) FILTER (WHERE p.captured_at IS NOT NULL), 0) AS captured,
            coalesce(sum(p.refunded_amount), 0) AS refunded,
            coalesce(bool_or(p.status = 'authorized'), false) OR EXISTS (SELECT FROM payment_objects a
                WHERE a.order_id = p_order.id AND a.kind = 'authorization' AND a.state = 'authorized'
                    AND a.currency = p_order.currency) AS authorized,
            coalesce(bool_or(p.status = 'pending'), false) AS pending,
            coalesce(bool_or(p.status = 'failed'), false) AS failed
        FROM payments p WHERE p.order_id = p_order.id AND p.currency = p_order.currency
    ) AS t;
END $$;
