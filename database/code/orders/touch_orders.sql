-- Makes a change of children a change of their orders, before and after. The order's own triggers
-- announce it. Orders that this transaction has written already need nothing more. Rows are locked
-- by id, so that two of these can't wait for each other. A statement without rows ends at once: an
-- UPDATE of no order would still fire all triggers of an UPDATE.
--   payments.folding (a setting of the transaction): the orders that payment_fold writes itself,
--     once it knows what their payments come to. They are locked here and written there.
CREATE OR REPLACE FUNCTION touch_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    touched uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT order_id) INTO touched FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT order_id) INTO touched FROM old_rows;
    ELSE
        SELECT array_agg(DISTINCT order_id) INTO touched
        FROM (SELECT order_id FROM new_rows UNION SELECT order_id FROM old_rows) AS both_rows;
    END IF;
    IF touched IS NULL THEN
        RETURN NULL;
    END IF;
    IF touched <@ nullif(current_setting('payments.folding', true), '')::uuid[] THEN
        PERFORM FROM orders WHERE id = ANY (touched) ORDER BY id FOR NO KEY UPDATE;
        RETURN NULL;
    END IF;
    IF cardinality(touched) > 1 THEN
        PERFORM FROM orders WHERE id = ANY (touched) ORDER BY id FOR NO KEY UPDATE;
    END IF;
    UPDATE orders SET version = version WHERE id = ANY (touched)
        AND xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END $$;
