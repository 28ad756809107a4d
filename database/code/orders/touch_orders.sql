-- Makes a change of children a change of their orders, before and after. The order's own triggers
-- announce it. Orders that this transaction has written already need nothing more. Rows are locked
-- by id, so that two of these can't wait for each other. Plans are kept by the session.
CREATE OR REPLACE FUNCTION touch_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
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
    IF cardinality(touched) > 1 THEN
        PERFORM FROM orders WHERE id = ANY (touched) ORDER BY id FOR NO KEY UPDATE;
    END IF;
    UPDATE orders SET version = version WHERE id = ANY (touched)
        AND xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END $$;
