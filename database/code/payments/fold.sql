-- Folds all objects of some orders into their payments, their payment status, their sessions and
-- the events behind them: always all objects of an order, never one event. The same set of
-- observations gives the same result in whatever order it came. The caller has locked the orders.
-- It consists of separate statements: each sees what was committed before the lock was had. Each
-- writes what it writes of all orders at once, so a table's triggers fire once.
-- All that it runs finds rows by an index, for one order or for many. So a session plans it once,
-- and not for each array anew, which would cost as much as the fold.
CREATE OR REPLACE FUNCTION payment_fold(p_orders uuid[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    folded uuid[] := ARRAY(SELECT o.id FROM orders o WHERE o.id = ANY (p_orders));
    written uuid[];
    paid uuid[];
    changed uuid[];
    statuses text[];
    transactions text[];
BEGIN
    PERFORM payment_attach(folded);
    folded := ARRAY(SELECT f FROM unnest(folded) AS f
        WHERE EXISTS (SELECT FROM payment_objects b WHERE b.order_id = f)
            OR EXISTS (SELECT FROM payment_objects b WHERE b.order_id IS NULL
                AND b.order_reference = f::text));
    IF cardinality(folded) = 0 THEN
        RETURN;
    END IF;

    -- An order is written once, below, and not by the trigger that touches orders, too.
    PERFORM set_config('payments.folding', folded::text, true);
    WITH kept AS (
        INSERT INTO payments AS p (order_id, organization_id, customer_id, provider, account,
            external_id, external_order_id, status,
            currency, amount, refunded_amount, captured_at, disputes, fee, fee_currency)
        SELECT o.id, o.organization_id, o.customer_id, b.provider, b.account, b.object_id,
            b.external_order, b.outcome, b.currency, b.amount,
            b.refunded, CASE WHEN b.state = 'completed' THEN coalesce(b.completed_at, now()) END,
            b.disputes, b.fee, b.fee_currency
        FROM payment_object_outcomes b JOIN orders o ON o.id = b.order_id
        WHERE b.order_id = ANY (folded)
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
            AND ((p.external_order_id, p.status, p.currency, p.amount, p.refunded_amount,
                    p.disputes, p.fee, p.fee_currency)
                IS DISTINCT FROM (excluded.external_order_id, excluded.status, excluded.currency,
                    excluded.amount, excluded.refunded_amount, excluded.disputes, excluded.fee,
                    excluded.fee_currency)
                OR excluded.captured_at < p.captured_at)
        RETURNING p.order_id
    ) SELECT array_agg(k.order_id) INTO written FROM kept k;
    PERFORM set_config('payments.folding', '', true);

    -- Judged by the total that an order has once nobody else can change it: another program may
    -- have done so since it was read.
    PERFORM FROM orders o WHERE o.id = ANY (folded) ORDER BY o.id FOR NO KEY UPDATE;
    SELECT array_agg(j.id) FILTER (WHERE j.changes), array_agg(j.status) FILTER (WHERE j.changes),
        array_agg(j.transaction) FILTER (WHERE j.changes), array_agg(j.id) FILTER (WHERE j.paid)
        INTO changed, statuses, transactions, paid
    FROM (
        SELECT o.id, s.payment_status AS status, t.transaction,
            o.id = ANY (written) OR o.payment_status <> s.payment_status
                OR o.external_transaction_id IS NULL AND t.transaction IS NOT NULL AS changes,
            s.captured >= o.total_amount AND s.captured > 0 AS paid
        FROM orders o, LATERAL order_payment_state(o) AS s, LATERAL (
            SELECT (SELECT p.external_id FROM payments p
                WHERE p.order_id = o.id AND p.captured_at IS NOT NULL
                ORDER BY p.captured_at, p.external_id LIMIT 1) AS transaction
        ) AS t
        WHERE o.id = ANY (folded)
    ) AS j;
    -- An UPDATE of no order would still fire all triggers of an UPDATE.
    IF changed IS NOT NULL THEN
        UPDATE orders u SET payment_status = c.status,
            external_transaction_id = coalesce(u.external_transaction_id, c.transaction)
        FROM unnest(changed, statuses, transactions) AS c (id, status, transaction)
        WHERE u.id = c.id;
    END IF;

    IF EXISTS (SELECT FROM payment_sessions s WHERE s.order_id = ANY (folded)) THEN
        PERFORM session_paid_through(folded);
        -- A failed attempt leaves the session open: the shopper may try again.
        UPDATE payment_sessions s SET status = 'completed', reason = NULL, updated_at = now()
        WHERE s.order_id = ANY (paid) AND s.status <> 'completed'
            -- Completed beats failed: the session may have expired before its payment came.
            AND (s.status IN ('awaiting_redirect', 'awaiting_callback')
                OR EXISTS (SELECT FROM payments p
                WHERE p.order_id = s.order_id AND p.captured_at IS NOT NULL
                    AND s.external_id IN (p.external_order_id, p.external_id)));
        -- A held session was made at no provider, so nothing was paid through it, and there is
        -- nothing to decide about it any more.
        UPDATE payment_sessions s SET status = 'failed', reason = 'paid-otherwise',
            updated_at = now()
        WHERE s.order_id = ANY (paid) AND s.status = 'needs_review';
    END IF;
    IF paid IS NOT NULL THEN
        PERFORM approval_settle(paid);
    END IF;
    PERFORM payment_judge_events(folded, false);
END $$;
