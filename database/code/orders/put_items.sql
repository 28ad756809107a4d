-- Gives an order its items. The order's row is there, with their sum as its total.
--   p_lines: as order_lines gives them. p_inventory: as order_create takes it.
CREATE OR REPLACE FUNCTION order_put_items(p_id uuid, p_lines jsonb, p_inventory text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- The lines reserve their stock, or fail the statement with OB002.
    PERFORM set_config('stock.inventory', coalesce(p_inventory, ''), true);
    INSERT INTO order_items (order_id, organization_id, customer_id, position, sku, name, quantity,
        currency, unit_price)
    SELECT o.id, o.organization_id, o.customer_id, l.index + 1, l.sku, l.name, l.quantity,
        o.currency, l.unit_price
    FROM orders o, jsonb_to_recordset(p_lines) AS l (index integer, sku text, name text,
        quantity integer, unit_price numeric)
    WHERE o.id = p_id;
END $$;
