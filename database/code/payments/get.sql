-- One payment with all that belongs to it. No row: no such payment, or not this customer's.
--   p_customer: the payment must be this customer's, its order live, and the account isn't shown;
--   NULL for any.
--   body: the JSON to send.
--     sums: in the payment's currency. captured, refunded: as the payment says. remaining: what is
--       left of them. refundPending: refunds that the provider hasn't made yet, by its word or by
--       our requests. disputed: what open disputes and inquiries are about.
--     fee: what the provider keeps, if it has told; not shown to customers.
--     refunds: as the provider shows them; requestId: ours, if it was asked for here.
CREATE OR REPLACE FUNCTION payment_get(p_organization uuid, p_customer uuid, p_payment uuid)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH p AS MATERIALIZED (
        SELECT p.* FROM payments p
        WHERE p.organization_id = p_organization AND p.id = p_payment
            AND (p_customer IS NULL OR p.customer_id = p_customer AND EXISTS (SELECT FROM orders o
                WHERE o.id = p.order_id AND o.deleted_at IS NULL))
    ), own AS MATERIALIZED (
        SELECT b.* FROM p JOIN payment_objects b ON b.order_id = p.order_id
            AND b.provider = p.provider AND b.account = p.account
            AND b.kind = 'payment' AND b.object_id = p.external_id
    ), children AS MATERIALIZED (
        SELECT c.* FROM own b JOIN payment_objects c ON c.order_id = b.order_id
            AND c.provider = b.provider AND c.account = b.account
            AND c.parent_id IN (b.object_id, b.alias) AND c.kind IN ('refund', 'dispute')
    ), asked AS MATERIALIZED (
        SELECT r.* FROM p JOIN refund_requests r ON r.payment_id = p.id
    )
    SELECT json_build_object(
        'id', p.id,
        'orderId', p.order_id,
        'provider', p.provider,
        'account', CASE WHEN p_customer IS NULL THEN p.account END,
        'status', p.status,
        'currency', p.currency,
        'amount', money_text(p.amount, p.currency),
        'externalTransactionId', p.external_id,
        'externalChargeId', (SELECT b.alias FROM own b),
        'externalOrderId', p.external_order_id,
        'sums', json_build_object(
            'captured', money_text(CASE WHEN p.captured_at IS NULL THEN 0 ELSE p.amount END,
                p.currency),
            'refunded', money_text(p.refunded_amount, p.currency),
            'remaining', money_text(CASE WHEN p.captured_at IS NULL THEN 0
                ELSE p.amount - p.refunded_amount END, p.currency),
            'refundPending', money_text(coalesce((SELECT sum(c.amount) FROM children c
                    WHERE c.kind = 'refund' AND c.state = 'pending' AND c.currency = p.currency), 0)
                + coalesce((SELECT sum(r.amount) FROM asked r
                    WHERE r.state IN ('queued', 'needs_review') AND r.currency = p.currency), 0),
                p.currency),
            'disputed', money_text(coalesce((SELECT sum(c.amount) FROM children c
                WHERE c.kind = 'dispute' AND c.state IN ('inquiry', 'open')
                    AND c.currency = p.currency), 0), p.currency)),
        'fee', CASE WHEN p_customer IS NULL AND p.fee IS NOT NULL THEN json_build_object(
            'amount', money_text(p.fee, p.fee_currency), 'currency', p.fee_currency) END,
        'refunds', coalesce((SELECT json_agg(json_build_object('id', c.object_id,
                'status', c.state, 'amount', money_text(c.amount, c.currency),
                'currency', c.currency, 'forced', c.reversal,
                'requestId', (SELECT r.id FROM asked r WHERE r.external_id = c.object_id LIMIT 1),
                'changedAt', time_text(nullif(c.changed_at, '-infinity')))
                    ORDER BY c.changed_at, c.object_id)
            FROM children c WHERE c.kind = 'refund'), '[]'),
        'disputes', p.disputes,
        'capturedAt', time_text(p.captured_at),
        'createdAt', time_text(p.created_at),
        'updatedAt', time_text(p.updated_at))::text
    FROM p;
END;
