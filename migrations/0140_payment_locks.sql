-- One order of locks for all that changes payments, so that nobody waits in a circle:
--   1. a transmission (payment_event_record), 2. payments at their provider, by key, 3. orders, by bucket: advisory locks, none of which is
--      taken after a row has been changed, but that of a transmission, whose holder takes neither of the others;
--   4. rows: payment_objects, payments, orders, payment_sessions, webhook_events, those of one table by id.

-- Nobody else folds what these objects, as told now or known before, or the payments behind them, point to, until this transaction ends. A
-- refund locks its payment: the two can't miss each other when they come at the same moment. Gives the orders' ids, and references that may
-- become some.
CREATE FUNCTION payment_lock_objects(p_provider text, p_account text, p_objects jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    key text;
    affected text[];
BEGIN
    FOR key IN
        SELECT DISTINCT k FROM jsonb_array_elements(p_objects) AS b,
            unnest(ARRAY[coalesce(b ->> 'parent', b ->> 'id'), b ->> 'alias']) AS k WHERE k IS NOT NULL ORDER BY k
    LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended(format('payments/%s/%s/%s', p_provider, p_account, key), 0));
    END LOOP;
    -- Locked before anything is written: whoever folds one of these orders writes the rows, too.
    SELECT array_agg(DISTINCT r) INTO affected
    FROM jsonb_array_elements(p_objects) AS b
    LEFT JOIN payment_objects k ON k.provider = p_provider AND k.account = p_account AND k.kind = b ->> 'kind' AND k.object_id = b ->> 'id'
    LEFT JOIN payment_objects p ON p.provider = p_provider AND p.account = p_account AND p.kind = 'payment'
        AND b ->> 'kind' IN ('refund', 'dispute') AND coalesce(b ->> 'parent', k.parent_id) IN (p.object_id, p.alias)
    LEFT JOIN payment_sessions s ON s.gateway = p_provider
        AND s.external_id IN (b ->> 'external_order', b ->> 'id', k.external_order, p.external_order, p.object_id),
        unnest(ARRAY[b ->> 'order_reference', k.order_id::text, k.order_reference, p.order_id::text, p.order_reference, s.order_id::text]) AS r
    WHERE r IS NOT NULL;
    PERFORM payment_lock_orders(affected, false);
    RETURN affected;
END $$;

-- As in 0120, but locked before the event's row is written: whoever folds its payment changes that row, too.
CREATE OR REPLACE FUNCTION payment_observed(p_provider text, p_account text, p_source text, p_kind text, p_objects jsonb)
RETURNS TABLE (outcome text, reason text, payment_status text, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e uuid;
    a record;
BEGIN
    PERFORM payment_lock_objects(p_provider, p_account, p_objects);
    SELECT r.event INTO e FROM payment_event_record(p_provider, p_account, p_source, p_kind, encode(sha256(convert_to(p_objects::text, 'UTF8')), 'hex'),
        NULL, NULL, NULL, now(), 'received', NULL, interval '1 day') AS r;
    SELECT * INTO a FROM payment_event_apply(e, p_objects, true);
    IF a.outcome = 'waiting' THEN
        DELETE FROM webhook_events w WHERE w.id = e;
    END IF;
    RETURN QUERY SELECT a.outcome, a.reason, a.payment_status, coalesce(a.xid, ''), a.tags;
END $$;
