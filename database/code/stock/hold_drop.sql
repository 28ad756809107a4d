-- Lets go of what a product-service holds for orders that are deleted for good. What has left stays
-- to be deducted.
CREATE OR REPLACE FUNCTION stock_hold_drop() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    gone uuid[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        gone := ARRAY(SELECT h.order_id FROM stock_holds h WHERE h.order_id IS NOT NULL);
    ELSE
        gone := ARRAY(SELECT h.order_id FROM stock_holds h JOIN old_rows o ON o.id = h.order_id);
    END IF;
    DELETE FROM stock_holds h
    WHERE h.order_id = ANY (gone) AND h.state IN ('stock_missing', 'released', 'deducted');
    UPDATE stock_holds h SET order_id = NULL, may_expire = false,
        state = CASE h.state WHEN 'deducting' THEN 'deducting' ELSE 'releasing' END,
        next_attempt_at = greatest(h.next_attempt_at, now())
    WHERE h.order_id = ANY (gone);
    RETURN NULL;
END $$;
