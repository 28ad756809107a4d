-- An order says by itself that its stock isn't certain, where a product-service keeps stock. And
-- its timeline tells of all that a shop does with it.

-- What its hold lacks, as stock_holds.state says it; NULL: nothing, or there is none.
ALTER TABLE orders ADD COLUMN stock_state text
    CHECK (stock_state IN ('optimistic', 'stock_missing'));

-- Without holds no order is touched: a new database hasn't the functions yet that announce orders.
DO $$
BEGIN
    IF EXISTS (SELECT FROM stock_holds h
            WHERE h.order_id IS NOT NULL AND h.state IN ('optimistic', 'stock_missing')) THEN
        UPDATE orders o SET stock_state = h.state FROM stock_holds h
        WHERE h.order_id = o.id AND h.state IN ('optimistic', 'stock_missing');
    END IF;
END $$;

\i code/stock/hold_show.sql

CREATE TRIGGER show_update AFTER UPDATE ON stock_holds FOR EACH ROW
    WHEN ((OLD.order_id, OLD.state) IS DISTINCT FROM (NEW.order_id, NEW.state)
        AND (OLD.state IN ('optimistic', 'stock_missing')
            OR NEW.state IN ('optimistic', 'stock_missing')))
    EXECUTE FUNCTION stock_hold_show();
CREATE TRIGGER show_delete AFTER DELETE ON stock_holds FOR EACH ROW
    WHEN (OLD.state IN ('optimistic', 'stock_missing'))
    EXECUTE FUNCTION stock_hold_show();

-- The audit of orders takes in their stock, shipments, invoices and credit notes.

\i code/orders/audit_order.sql

CREATE TRIGGER audit_insert AFTER INSERT ON shipments
    FOR EACH ROW EXECUTE FUNCTION audit_order();
CREATE TRIGGER audit_update AFTER UPDATE ON shipments FOR EACH ROW
    WHEN ((OLD.carrier, OLD.tracking_number, OLD.status)
        IS DISTINCT FROM (NEW.carrier, NEW.tracking_number, NEW.status))
    EXECUTE FUNCTION audit_order();
CREATE TRIGGER audit_delete AFTER DELETE ON shipments
    FOR EACH ROW EXECUTE FUNCTION audit_order();
ALTER TABLE shipments ENABLE ALWAYS TRIGGER audit_insert, ENABLE ALWAYS TRIGGER audit_update,
    ENABLE ALWAYS TRIGGER audit_delete;

-- These two never change, and are never deleted.
CREATE TRIGGER audit_insert AFTER INSERT ON invoices
    FOR EACH ROW EXECUTE FUNCTION audit_order();
ALTER TABLE invoices ENABLE ALWAYS TRIGGER audit_insert;
CREATE TRIGGER audit_insert AFTER INSERT ON credit_notes
    FOR EACH ROW EXECUTE FUNCTION audit_order();
ALTER TABLE credit_notes ENABLE ALWAYS TRIGGER audit_insert;

\i code/stock/audit.sql

CREATE TRIGGER audit_insert AFTER INSERT ON stock_reservations REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_audit();
CREATE TRIGGER audit_update AFTER UPDATE ON stock_reservations
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_audit();
CREATE TRIGGER audit_delete AFTER DELETE ON stock_reservations REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_audit();

\i code/stock/hold_audit.sql

CREATE TRIGGER audit_update AFTER UPDATE ON stock_holds FOR EACH ROW
    WHEN ((OLD.order_id, OLD.state) IS DISTINCT FROM (NEW.order_id, NEW.state)
        AND coalesce(OLD.order_id, NEW.order_id) IS NOT NULL)
    EXECUTE FUNCTION stock_hold_audit();
CREATE TRIGGER audit_delete AFTER DELETE ON stock_holds FOR EACH ROW
    WHEN (OLD.order_id IS NOT NULL AND OLD.settled_at IS NULL)
    EXECUTE FUNCTION stock_hold_audit();
