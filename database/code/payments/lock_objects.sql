-- Locks all that these objects point to, as told now or known before, and the payments behind them:
-- until this transaction ends nobody else folds it. Gives the orders' ids, and references that may
-- become some. A refund locks its payment, so the two can't miss each other.
--
-- All that changes payments takes its locks in one order, so that nobody waits in a circle:
--   1. a transmission (webhook_record); its holder takes no lock of 2 or 3;
--   2. payments at their provider, by key; 3. orders, by bucket; both before any row is changed;
--   4. rows: payment_objects, payments, orders, payment_sessions, webhook_events, those of one
--      table by id.
CREATE OR REPLACE FUNCTION payment_lock_objects(p_provider text, p_account text, p_objects jsonb)
RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    key text;
    affected text[];
BEGIN
    FOR key IN
        SELECT DISTINCT k FROM jsonb_array_elements(p_objects) AS b,
            unnest(ARRAY[coalesce(b ->> 'parent', b ->> 'id'), b ->> 'alias']) AS k
                WHERE k IS NOT NULL ORDER BY k
    LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended(format('payments/%s/%s/%s', p_provider,
            p_account, key), 0));
    END LOOP;
    -- Locked before anything is written: a fold of one of these orders writes the rows, too.
    SELECT array_agg(DISTINCT r) INTO affected
    FROM jsonb_array_elements(p_objects) AS b
    LEFT JOIN payment_objects k ON k.provider = p_provider AND k.account = p_account
        AND k.kind = b ->> 'kind' AND k.object_id = b ->> 'id'
    -- The payment of a refund or dispute, by its id or by its alias: one index each.
    LEFT JOIN LATERAL (
        SELECT coalesce(b ->> 'parent', k.parent_id) AS id
        WHERE b ->> 'kind' IN ('refund', 'dispute')
    ) AS parent ON true
    LEFT JOIN LATERAL (
        SELECT p.* FROM payment_objects p WHERE p.provider = p_provider AND p.account = p_account
            AND p.kind = 'payment' AND p.object_id = parent.id
        UNION ALL
        SELECT p.* FROM payment_objects p WHERE p.provider = p_provider AND p.account = p_account
            AND p.kind = 'payment' AND p.alias = parent.id
    ) AS p ON true
    LEFT JOIN payment_sessions s ON s.gateway = p_provider
        AND s.external_id IN (b ->> 'external_order', b ->> 'id', k.external_order,
            p.external_order, p.object_id),
        unnest(ARRAY[b ->> 'order_reference', k.order_id::text, k.order_reference, p.order_id::text,
            p.order_reference, s.order_id::text]) AS r
    WHERE r IS NOT NULL;
    PERFORM payment_lock_orders(affected, false);
    RETURN affected;
END $$;
