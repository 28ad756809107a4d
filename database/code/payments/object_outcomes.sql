-- The outcome of each payment of an order, how much of it went back, its disputes, and all columns
-- of its object, the fee among them.
--   refunded: by completed refunds, or by the provider's own sum of them if that is greater, and by
--     lost disputes. Stripe takes a disputed sum beside all refunds. PayPal pays it out as a
--     refund, which it also tells of, so there the greater of the two counts.
--   outcome: reversed if nothing is left and the provider forced a part of that.
CREATE OR REPLACE VIEW payment_object_outcomes AS
SELECT p.*,
    CASE p.state
        WHEN 'pending' THEN 'pending'
        WHEN 'authorized' THEN 'authorized'
        WHEN 'completed' THEN CASE
            WHEN c.disputed THEN 'disputed'
            WHEN r.refunded >= p.amount AND r.refunded > 0 THEN CASE WHEN c.forced THEN 'reversed'
                ELSE 'refunded' END
            WHEN r.refunded > 0 THEN 'partially_refunded'
            ELSE 'paid' END
        ELSE 'failed'
    END AS outcome,
    CASE WHEN p.state = 'completed' THEN r.refunded ELSE 0 END AS refunded,
    c.disputes
FROM payment_objects p
CROSS JOIN LATERAL (
    SELECT coalesce(sum(c.amount) FILTER (WHERE c.kind = 'refund' AND c.state = 'completed'),
        0) AS summed,
        -- Each refund may say what had gone back with it; refunds that failed later are in it.
        coalesce(max(c.refunded_total - (SELECT coalesce(sum(f.amount), 0) FROM payment_objects f
            WHERE f.provider = c.provider AND f.account = c.account AND f.kind = 'refund'
                AND f.parent_id = c.parent_id AND f.order_id = c.order_id
                AND f.state IN ('failed', 'cancelled')
                AND coalesce(f.ended_at, f.changed_at) >= c.refunded_total_at))
            FILTER (WHERE c.kind = 'refund' AND c.state = 'completed'), 0) AS counted,
        -- Refunds that failed since the provider last gave the sum are still in it.
        coalesce(sum(c.amount) FILTER (WHERE c.kind = 'refund'
            AND c.state IN ('failed', 'cancelled')
            AND coalesce(c.ended_at, c.changed_at) >= p.refunded_total_at), 0) AS failed_since,
        -- A sum in another currency can't be compared: then it is all of the payment.
        coalesce(sum(CASE WHEN c.currency = p.currency THEN coalesce(c.returned, c.amount)
            ELSE p.amount END) FILTER (WHERE c.kind = 'dispute' AND c.state = 'lost'), 0) AS lost,
        coalesce(bool_or(c.kind = 'dispute' AND c.state = 'open'), false) AS disputed,
        coalesce(bool_or(c.kind = 'refund' AND c.reversal AND c.state = 'completed'
            OR c.kind = 'dispute' AND c.state = 'lost'), false)
            AS forced,
        coalesce(jsonb_agg(jsonb_build_object('id', c.object_id, 'status', c.state,
            'amount', money_text(c.amount, c.currency), 'currency', c.currency,
            'evidenceDueAt', CASE WHEN c.state IN ('inquiry', 'open')
                THEN time_text(c.due_at) END) ORDER BY c.object_id)
            FILTER (WHERE c.kind = 'dispute'), '[]') AS disputes
    FROM payment_objects c
    WHERE c.provider = p.provider AND c.account = p.account
        AND c.parent_id IN (p.object_id, p.alias)
        AND c.kind IN ('refund', 'dispute') AND c.order_id = p.order_id
        AND (c.kind = 'dispute' OR c.currency = p.currency)
) AS c
CROSS JOIN LATERAL (
    SELECT greatest(c.summed, c.counted, coalesce(p.refunded_total, 0) - c.failed_since) AS given
) AS g
CROSS JOIN LATERAL (
    SELECT least(p.amount, CASE p.provider WHEN 'paypal' THEN greatest(g.given, c.lost)
        ELSE g.given + c.lost END) AS refunded
) AS r
WHERE p.kind = 'payment' AND p.order_id IS NOT NULL;
