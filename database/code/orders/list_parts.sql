-- What a page of orders is made of, by tags: while all of them stand, no change has touched it. Its
-- tenant; that its organisation's pages are to be made anew; the narrowest set that has a tag; the
-- orders that are shown. Empty if a change of an order that isn't shown may shift the page and
-- moves none of these sets: in a list by time of change or by status, and where a status narrows
-- the list of a customer. Such a page depends on its tag alone.
--   p_customer to p_currency, p_sort: as order_list takes them. p_ids: the orders that are shown.
CREATE OR REPLACE FUNCTION order_list_parts(p_organization uuid, p_customer uuid, p_status text,
    p_payment_status text, p_currency text, p_sort text, p_ids uuid[])
RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN p_sort IN ('createdAt', 'totalAmount', 'orderNumber') AND (p_customer IS NULL
        OR p_status IS NULL AND p_payment_status IS NULL)
    THEN ARRAY['tenant:' || p_organization::text, 'lists:' || p_organization::text,
        'orders:' || p_organization::text || coalesce('/customer/' || p_customer::text,
            '/status/' || p_status, '/payment/' || p_payment_status, '/currency/' || p_currency, '')]
        || ARRAY(SELECT 'order:' || p_organization::text || '/' || i::text FROM unnest(p_ids) AS i)
    ELSE '{}' END;
