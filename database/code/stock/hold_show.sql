-- Lets an order say what its hold lacks, as often as that changes, whichever program changes the
-- hold. The order's own triggers announce it. A hold that lacks nothing writes to no order.
CREATE OR REPLACE FUNCTION stock_hold_show() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    shown CONSTANT text := CASE WHEN NEW.order_id IS NOT NULL
        AND NEW.state IN ('optimistic', 'stock_missing') THEN NEW.state END;
BEGIN
    UPDATE orders o SET stock_state = shown
    WHERE o.id = coalesce(NEW.order_id, OLD.order_id) AND o.stock_state IS DISTINCT FROM shown;
    RETURN NULL;
END $$;
