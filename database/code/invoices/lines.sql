-- An order's items as the lines of an invoice. Prices hold VAT, at the rate of the product, or else
-- of the organisation. Net amounts are rounded as sums, line by line: for each rate they come to
-- the net amount of all.
CREATE OR REPLACE FUNCTION invoice_order_lines(p_order orders)
RETURNS TABLE (place integer, sku text, name text, quantity integer, unit_price numeric,
    vat_category text, vat_rate numeric, net_amount numeric, vat_amount numeric,
    gross_amount numeric)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH taxed AS (
        SELECT i.position AS place, i.sku, i.name, i.quantity, i.unit_price, i.line_total,
            coalesce(p.vat_rate, g.vat_rate) AS rate, minor_digits(i.currency) AS digits
        FROM order_items i
        JOIN organizations g ON g.id = i.organization_id
        LEFT JOIN LATERAL (
            SELECT t.vat_rate FROM products t
            WHERE t.organization_id = i.organization_id AND t.sku = i.sku
            ORDER BY t.currency <> i.currency, t.currency LIMIT 1
        ) AS p ON true
        WHERE i.order_id = p_order.id
    ), summed AS (
        SELECT t.*, sum(t.line_total) OVER (PARTITION BY t.rate ORDER BY t.place) AS upto
        FROM taxed t
    ), shared AS (
        SELECT s.*, round(s.upto * 100 / (100 + s.rate), s.digits)
            - round((s.upto - s.line_total) * 100 / (100 + s.rate), s.digits) AS net
        FROM summed s
    )
    SELECT s.place, s.sku, s.name, s.quantity, s.unit_price,
        CASE WHEN s.rate = 0 THEN 'Z' ELSE 'S' END, s.rate, s.net, s.line_total - s.net,
        s.line_total
    FROM shared s ORDER BY s.place;
END;
