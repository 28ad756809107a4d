-- The payment status of an order by precedence, with the sums that were captured and that went
-- back, in the order's currency. Payments that somebody recorded by hand count, too. An order is
-- paid by what is left: one that was paid twice, and refunded once, is paid.
CREATE OR REPLACE FUNCTION order_payment_state(p_order orders, OUT payment_status text,
    OUT captured numeric, OUT refunded numeric)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT CASE
            WHEN t.disputed THEN 'disputed'
            WHEN t.captured > 0 AND t.refunded >= t.captured THEN CASE WHEN t.reversed
                THEN 'reversed' ELSE 'refunded' END
            WHEN t.captured > 0 AND t.captured - t.refunded >= p_order.total_amount THEN 'paid'
            WHEN t.refunded > 0 THEN 'partially_refunded'
            WHEN t.captured > 0 THEN 'partially_paid'
            WHEN p_order.total_amount = 0 THEN 'none_required'
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
            coalesce(bool_or(p.status = 'authorized'), false)
                OR EXISTS (SELECT FROM payment_objects a
                WHERE a.order_id = p_order.id AND a.kind = 'authorization'
                    AND a.state = 'authorized'
                    AND a.currency = p_order.currency) AS authorized,
            coalesce(bool_or(p.status = 'pending'), false) AS pending,
            coalesce(bool_or(p.status = 'failed'), false) AS failed
        FROM payments p WHERE p.order_id = p_order.id AND p.currency = p_order.currency
    ) AS t;
END $$;
