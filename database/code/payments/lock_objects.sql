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
    SELECT array_agg(DISTINCT o.reference) INTO affected
    FROM payment_object_orders(p_provider, p_account, p_objects) AS o;
    PERFORM payment_lock_orders(affected, false);
    RETURN affected;
END $$;
