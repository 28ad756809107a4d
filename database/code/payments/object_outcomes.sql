-- The outcome of each payment of an order, and how much of it was refunded.
CREATE OR REPLACE VIEW payment_object_outcomes AS
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
    SELECT coalesce(sum(c.amount) FILTER (WHERE c.kind = 'refund' AND c.state = 'completed'),
        0) AS summed,
        coalesce(max(c.refunded_total) FILTER (WHERE c.kind = 'refund' AND c.state = 'completed'),
            0) AS counted,
        -- Refunds that failed since the provider last gave the sum are still in it.
        coalesce(sum(c.amount) FILTER (WHERE c.kind = 'refund'
            AND c.state IN ('failed', 'cancelled')
            AND c.changed_at >= p.refunded_total_at), 0) AS failed_since,
        coalesce(bool_or(c.kind = 'dispute' AND c.state = 'open'), false) AS disputed,
        coalesce(bool_or(c.kind = 'refund' AND c.reversal AND c.state = 'completed'
            OR c.kind = 'dispute' AND c.state = 'lost'), false)
            AS reversed
    FROM payment_objects c
    WHERE c.provider = p.provider AND c.account = p.account
        AND c.parent_id IN (p.object_id, p.alias)
        AND c.kind IN ('refund', 'dispute') AND c.order_id = p.order_id
        AND (c.kind = 'dispute' OR c.currency = p.currency)
) AS c
CROSS JOIN LATERAL (
    SELECT least(p.amount,
        greatest(c.summed, c.counted, coalesce(p.refunded_total, 0) - c.failed_since)) AS refunded
) AS r
WHERE p.kind = 'payment' AND p.order_id IS NOT NULL;
