-- The lines of a request with names and prices. A price comes from the product in the order's
-- currency; a price in the request goes before it.
--   p_items: as order_create takes them. index: counts from 0, as in the request.
--   name, unit_price: NULL if there is no such product, or no price.
CREATE OR REPLACE FUNCTION priced_lines(p_organization uuid, p_currency text, p_items jsonb)
RETURNS TABLE (index bigint, sku text, name text, quantity integer, unit_price numeric)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT l.place - 1, l.item ->> 'sku', p.name, (l.item ->> 'quantity')::integer,
        coalesce((l.item ->> 'unitPrice')::numeric, CASE WHEN p.currency = p_currency
            THEN p.price END)
    FROM jsonb_array_elements(p_items) WITH ORDINALITY AS l (item, place)
    LEFT JOIN LATERAL (
        SELECT p.name, p.currency, p.price FROM products p
        WHERE p.organization_id = p_organization AND p.sku = l.item ->> 'sku' AND p.active
            AND p.deleted_at IS NULL
        ORDER BY p.currency <> p_currency, p.currency LIMIT 1
    ) AS p ON true;
END;
