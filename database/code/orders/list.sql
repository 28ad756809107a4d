-- A page of an organisation's orders, each as a whole document. Always one row.
--   Each filter is NULL if it isn't asked for: p_customer; p_status; p_payment_status; p_currency;
--   p_from: created at or after, p_to: created before, both RFC 3339; p_search: the beginning of
--   the order number.
--   p_sort: createdAt, updatedAt, totalAmount, orderNumber, or status (then createdAt).
--   p_direction: asc or desc. Ties are broken by id in the same direction.
--   p_limit: orders on a page. p_offset: orders before it, a multiple of p_limit.
--   body: the JSON to send. version, customer: NULL.
-- Postgres puts this body into the calling statement, which is prepared for each call. So it plans
-- with the values at hand: filters that are NULL and sorts that aren't asked for fold away, and
-- the rest fits an index. The function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION order_list(
    p_organization uuid, p_customer uuid, p_status text, p_payment_status text, p_currency text,
    p_from text, p_to text, p_search text, p_sort text, p_direction text,
    p_limit integer, p_offset integer)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH matching AS NOT MATERIALIZED (
        SELECT o.id, o.created_at, o.updated_at, o.total_amount, o.order_number, o.status
        FROM orders o
        WHERE o.organization_id = p_organization
            AND o.deleted_at IS NULL
            AND (p_customer IS NULL OR o.customer_id = p_customer)
            AND (p_status IS NULL OR o.status = p_status)
            AND (p_payment_status IS NULL OR o.payment_status = p_payment_status)
            AND (p_currency IS NULL OR o.currency = p_currency)
            AND (p_from IS NULL OR o.created_at >= p_from::timestamptz)
            AND (p_to IS NULL OR o.created_at < p_to::timestamptz)
            AND (p_search IS NULL OR starts_with(o.order_number, p_search))
    )
    SELECT row_to_json(shown)::text AS body, NULL::bigint AS version, NULL::text AS customer
    FROM (SELECT
        array_to_json(ARRAY(
            SELECT d.document
            -- Ids come first, so that no document is made for a row that the offset skips.
            FROM unnest(ARRAY(
                SELECT m.id FROM matching m
                ORDER BY
                    CASE WHEN p_direction = 'desc' AND p_sort = 'status' THEN m.status END DESC,
                    CASE WHEN p_direction = 'desc' AND p_sort IN ('createdAt', 'status')
                        THEN m.created_at END DESC,
                    CASE WHEN p_direction = 'desc' AND p_sort = 'updatedAt'
                        THEN m.updated_at END DESC,
                    CASE WHEN p_direction = 'desc' AND p_sort = 'totalAmount'
                        THEN m.total_amount END DESC,
                    CASE WHEN p_direction = 'desc' AND p_sort = 'orderNumber'
                        THEN m.order_number END DESC,
                    CASE WHEN p_direction = 'desc' THEN m.id END DESC,
                    CASE WHEN p_sort = 'status' THEN m.status END,
                    CASE WHEN p_sort IN ('createdAt', 'status') THEN m.created_at END,
                    CASE WHEN p_sort = 'updatedAt' THEN m.updated_at END,
                    CASE WHEN p_sort = 'totalAmount' THEN m.total_amount END,
                    CASE WHEN p_sort = 'orderNumber' THEN m.order_number END,
                    m.id
                LIMIT p_limit OFFSET p_offset
            )) WITH ORDINALITY AS p (id, place)
            JOIN order_documents d ON d.id = p.id
            ORDER BY p.place
        )) AS items,
        p_offset / p_limit + 1 AS page,
        p_limit AS "limit",
        (SELECT count(*) FROM matching) AS total
    ) AS shown;
END;
