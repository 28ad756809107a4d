-- The items of a request as an order holds them, and their sum; or why they can't be ordered.
--   p_items: as order_create takes them.
--   lines: an array of {index, sku, name, quantity, unit_price}, for order_put_items. total: its
--     sum.
--   refused: NULL if they can be ordered; else unknown_sku:<index>; no_price:<index> (no price in
--     this currency); bad_price:<index> (finer than the currency); total_too_large.
CREATE OR REPLACE FUNCTION order_lines(p_organization uuid, p_currency text, p_items jsonb,
    OUT lines jsonb, OUT total numeric, OUT refused text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    -- The application takes no larger sum either: 12 digits before the point.
    largest_total CONSTANT numeric := 999999999999.999;
    wrong jsonb;
BEGIN
    SELECT sum(l.quantity * l.unit_price), jsonb_agg(to_jsonb(l) ORDER BY l.index)
    INTO total, lines FROM priced_lines(p_organization, p_currency, p_items) AS l;
    SELECT l INTO wrong FROM jsonb_array_elements(lines) AS l
    WHERE l ->> 'name' IS NULL OR l ->> 'unit_price' IS NULL
        OR NOT is_amount((l ->> 'unit_price')::numeric, p_currency)
    ORDER BY (l ->> 'index')::integer LIMIT 1;
    refused := CASE
        WHEN wrong IS NULL THEN CASE WHEN total > largest_total THEN 'total_too_large' END
        WHEN wrong ->> 'name' IS NULL THEN 'unknown_sku:' || (wrong ->> 'index')
        WHEN wrong ->> 'unit_price' IS NULL THEN 'no_price:' || (wrong ->> 'index')
        ELSE 'bad_price:' || (wrong ->> 'index') END;
END $$;
