-- The pieces that lines of an order want, as a product-service is asked for them: an array of {sku,
-- quantity}, each article once. Equal wishes are equal values.
--   p_lines: an array of objects with sku and quantity, among whatever else.
CREATE OR REPLACE FUNCTION stock_hold_items(p_lines jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT coalesce(jsonb_agg(jsonb_build_object('sku', l.sku, 'quantity', l.quantity)
        ORDER BY l.sku COLLATE "C"), '[]')
    FROM (SELECT m.sku, sum(m.quantity) AS quantity
        FROM jsonb_to_recordset(p_lines) AS m (sku text, quantity bigint) GROUP BY m.sku) AS l;
END;
