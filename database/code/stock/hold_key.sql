-- The name under which new items of an order are held, until the order has them. Changes to other
-- items have other names, so that they aren't in each other's way.
CREATE OR REPLACE FUNCTION stock_hold_key(p_order uuid, p_lines jsonb, OUT principal text,
    OUT key text) LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT 'order ' || p_order, 'items ' || md5(stock_hold_items(p_lines)::text);
END;
