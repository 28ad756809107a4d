-- Folds all objects of one order into its payments, its payment status, its sessions and the events
-- behind them: always all objects, never one event. The same set of observations gives the same
-- result in whatever order it came. The caller has locked the order.
-- It consists of separate statements: each sees what was committed before the lock was had.
CREATE OR REPLACE FUNCTION payment_fold(p_order uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    o orders;
    folded record;
    written bigint;
BEGIN
    SELECT * INTO o FROM orders WHERE id = p_order;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM payment_attach(o);
    IF NOT EXISTS (SELECT FROM payment_objects b WHERE b.order_id = p_order)
        AND NOT EXISTS (SELECT FROM payment_objects b WHERE b.order_id IS NULL
            AND b.order_reference = p_order::text) THEN
        RETURN;
    END IF;

    -- The order is written once, below, and not by the trigger that touches orders, too.
    PERFORM set_config('payments.folding', p_order::text, true);
    INSERT INTO payments AS p (order_id, organization_id, customer_id, provider, account,
        external_id, external_order_id, status,
        currency, amount, refunded_amount, captured_at, disputes, fee, fee_currency)
    SELECT o.id, o.organization_id, o.customer_id, b.provider, b.account, b.object_id,
        b.external_order, b.outcome, b.currency, b.amount,
        b.refunded, CASE WHEN b.state = 'completed' THEN coalesce(b.completed_at, now()) END,
        b.disputes, b.fee, b.fee_currency
    FROM payment_object_outcomes b WHERE b.order_id = p_order
        ORDER BY b.provider, b.account, b.object_id
    ON CONFLICT (provider, account, external_id) DO UPDATE SET
        external_order_id = excluded.external_order_id, status = excluded.status,
            currency = excluded.currency, amount = excluded.amount,
        refunded_amount = excluded.refunded_amount,
        captured_at = CASE WHEN excluded.captured_at IS NOT NULL
            THEN least(p.captured_at, excluded.captured_at) END,
        disputes = excluded.disputes, fee = excluded.fee, fee_currency = excluded.fee_currency,
        updated_at = now()
    -- No change, no new version of the order.
    WHERE p.order_id = excluded.order_id
        AND ((p.external_order_id, p.status, p.currency, p.amount, p.refunded_amount, p.disputes,
                p.fee, p.fee_currency)
            IS DISTINCT FROM (excluded.external_order_id, excluded.status, excluded.currency,
                excluded.amount, excluded.refunded_amount, excluded.disputes, excluded.fee,
                excluded.fee_currency)
            OR excluded.captured_at < p.captured_at);
    GET DIAGNOSTICS written = ROW_COUNT;
    PERFORM set_config('payments.folding', '', true);

    -- Judged by the total that the order has once nobody else can change it: another program may
    -- have done so since it was read.
    SELECT * INTO o FROM orders WHERE id = p_order FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO folded FROM order_payment_state(o);
    UPDATE orders u SET payment_status = folded.payment_status,
        external_transaction_id = coalesce(u.external_transaction_id,
            (SELECT p.external_id FROM payments p
            WHERE p.order_id = p_order AND p.captured_at IS NOT NULL
                ORDER BY p.captured_at, p.external_id LIMIT 1))
    WHERE u.id = p_order AND (written > 0 OR u.payment_status <> folded.payment_status
        OR u.external_transaction_id IS NULL
            AND EXISTS (SELECT FROM payments p WHERE p.order_id = p_order
            AND p.captured_at IS NOT NULL));

    PERFORM session_paid_through(p_order);
    -- A failed attempt leaves the session open: the shopper may try again.
    IF folded.captured >= o.total_amount AND folded.captured > 0 THEN
        UPDATE payment_sessions s SET status = 'completed', reason = NULL, updated_at = now()
        WHERE s.order_id = p_order AND s.status <> 'completed'
            -- Completed beats failed: the session may have expired before its payment came.
            AND (s.status IN ('awaiting_redirect', 'awaiting_callback')
                OR EXISTS (SELECT FROM payments p
                WHERE p.order_id = p_order AND p.captured_at IS NOT NULL
                    AND s.external_id IN (p.external_order_id, p.external_id)));
        -- A held session was made at no provider, so nothing was paid through it, and there is
        -- nothing to decide about it any more.
        UPDATE payment_sessions s SET status = 'failed', reason = 'paid-otherwise',
            updated_at = now()
        WHERE s.order_id = p_order AND s.status = 'needs_review';
        PERFORM approval_settle(p_order);
    END IF;

    PERFORM payment_judge_events(p_order, false);
END $$;
