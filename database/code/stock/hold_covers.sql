-- Whether an order has a hold of just these lines: there is nothing to ask for then.
CREATE OR REPLACE FUNCTION stock_hold_covers(p_order uuid, p_lines jsonb) RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM stock_holds h
        WHERE h.order_id = p_order AND h.state IN ('reserved', 'optimistic')
            AND h.items = stock_hold_items(p_lines));
END;
