-- Parts an order from its hold, which is released.
CREATE OR REPLACE FUNCTION stock_hold_detach(p_order uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM stock_holds h
    WHERE h.order_id = p_order AND h.state IN ('stock_missing', 'released', 'deducted');
    UPDATE stock_holds h SET order_id = NULL, may_expire = false,
        state = CASE h.state WHEN 'deducting' THEN 'deducting' ELSE 'releasing' END,
        next_attempt_at = greatest(h.next_attempt_at, now())
    WHERE h.order_id = p_order;
END $$;
