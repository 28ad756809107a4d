-- The state and reason that an event comes to, from all that is known now. It is asked again after
-- every fold, so an event that came before its order, or before the rest of the money, gets its
-- due. A conflict counts only as long as it isn't settled. Money that went back needs no look.
CREATE OR REPLACE FUNCTION payment_event_verdict(p_event uuid, OUT state text, OUT reason text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT CASE WHEN v.reason IS NULL THEN 'applied'
        WHEN v.reason IN ('order-unknown', 'payment-unknown') THEN 'received'
        ELSE 'needs_review' END,
        v.reason
    INTO state, reason
    FROM (
        SELECT coalesce(
            min(x.reason) FILTER (WHERE x.urgency = 1),
            CASE WHEN bool_or(e.conflict AND NOT transmission_settled(e))
                THEN 'transmission-conflict' END,
            min(x.reason) FILTER (WHERE x.urgency = 2),
            min(x.reason) FILTER (WHERE x.urgency = 3)) AS reason
        FROM webhook_events e
        LEFT JOIN webhook_event_objects l ON l.event = e.id
        LEFT JOIN payment_objects b
            ON (b.provider, b.account, b.kind, b.object_id) = (l.provider, l.account, l.kind,
            l.object_id)
        LEFT JOIN orders o ON o.id = b.order_id
        -- The payment that the object is, or belongs to.
        LEFT JOIN payments y ON y.order_id = o.id
            AND (y.provider, y.account, y.external_id) = (b.provider, b.account,
                CASE b.kind WHEN 'payment' THEN b.object_id ELSE b.parent_id END)
        LEFT JOIN LATERAL order_payment_state(o) AS s ON o.id IS NOT NULL
        LEFT JOIN LATERAL (
            SELECT CASE
                    WHEN b.refused IS NOT NULL THEN b.refused
                    WHEN b.order_id IS NULL AND b.kind IN ('refund', 'dispute')
                        THEN 'payment-unknown'
                    WHEN b.order_id IS NULL THEN 'order-unknown'
                    WHEN b.contested THEN 'order-changed'
                    WHEN y.refunded_amount >= y.amount AND y.captured_at IS NOT NULL THEN NULL
                    WHEN b.kind = 'dispute' THEN CASE WHEN b.state = 'undecided'
                        THEN 'dispute-undecided' END
                    WHEN b.currency <> coalesce(CASE b.kind WHEN 'refund' THEN y.currency END,
                        o.currency) THEN 'wrong-currency'
                    WHEN b.kind <> 'payment' OR b.state <> 'completed' THEN NULL
                    WHEN o.deleted_at IS NOT NULL THEN 'paid-after-deletion'
                    WHEN o.status = 'cancelled' THEN CASE WHEN EXISTS (
                        SELECT FROM stock_reservations r WHERE r.order_id = o.id AND r.expired)
                        THEN 'paid-after-release' ELSE 'paid-after-cancellation' END
                    WHEN s.captured < o.total_amount THEN 'underpaid'
                    WHEN s.captured - s.refunded > o.total_amount THEN 'overpaid'
                END AS reason,
                CASE WHEN b.refused IS NOT NULL THEN 1 WHEN b.order_id IS NULL THEN 2
                    ELSE 3 END AS urgency
            WHERE b.object_id IS NOT NULL
        ) AS x ON true
        WHERE e.id = p_event
    ) AS v;
END $$;
