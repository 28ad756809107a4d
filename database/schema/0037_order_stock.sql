-- An order says by itself that its stock isn't certain, where a product-service keeps stock.

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
