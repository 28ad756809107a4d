-- orders.version: one more per transaction that changes an order or anything shown with it, whoever changes it.
-- ENABLE ALWAYS: also where session_replication_role is replica (bulk loads, restores). A subscriber of logical replication fires no
-- statement triggers whatever their setting: these tables must not be the target of a subscription.

CREATE FUNCTION bump_order_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A row that this transaction has written before was bumped then, or is new. (Under a savepoint xmin is the savepoint's:
    -- one bump more, which does no harm.)
    IF OLD.xmin = pg_current_xact_id()::xid THEN
        NEW.version := OLD.version;
    ELSE
        NEW.version := OLD.version + 1;
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER bump_version BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION bump_order_version();
ALTER TABLE orders ENABLE ALWAYS TRIGGER bump_version;

-- A change of children is a change of their orders, before and after. The order's own triggers announce it; where this
-- transaction has written the order already, they have. Rows are locked by id, so that two of these can't wait for each other.
CREATE FUNCTION touch_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
    UPDATE orders SET version = version WHERE id = ANY (touched) AND xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END $$;

DO $$
DECLARE
    child text;
BEGIN
    FOREACH child IN ARRAY ARRAY['order_items', 'payments', 'shipments', 'invoices'] LOOP
        EXECUTE format('CREATE TRIGGER touch_on_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION touch_orders()', child);
        EXECUTE format('CREATE TRIGGER touch_on_update AFTER UPDATE ON %I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION touch_orders()', child);
        EXECUTE format('CREATE TRIGGER touch_on_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows
            FOR EACH STATEMENT EXECUTE FUNCTION touch_orders()', child);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER touch_on_insert, ENABLE ALWAYS TRIGGER touch_on_update,
            ENABLE ALWAYS TRIGGER touch_on_delete', child);
    END LOOP;
END $$;
