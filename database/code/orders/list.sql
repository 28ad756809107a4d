-- A page of an organisation's orders, each as a whole document. One row. No row: the page begins
-- behind looked_rows() orders, and all of them would have to be looked at; it needs a cursor.
--   Each filter is NULL if it isn't asked for: p_customer; p_status; p_payment_status; p_currency;
--   p_from: created at or after, p_to: created before, both RFC 3339; p_search: the beginning of
--   the order number.
--   p_sort: createdAt, updatedAt, totalAmount, orderNumber, or status (then createdAt).
--   p_direction: asc or desc. Ties are broken by id in the same direction.
--   p_limit: orders on a page. p_offset: orders before it, a multiple of p_limit.
--   p_cursor: the next of an earlier page of the same list, <value of p_sort>_<id>; NULL: none. A
--     page that begins there costs the same at any depth.
--   body: the JSON to send. version, customer: NULL. parts: see order_list_parts.
--     Its total is from the counts, if only status, payment status and currency narrow the list.
--     Otherwise orders are counted up to looked_rows(), and totalIsExact says whether there are
--     more.
-- Postgres puts this body into the calling statement, which is prepared for each call. So it plans
-- with the values at hand: filters that are NULL and sorts that aren't asked for fold away, and
-- the rest fits an index. The function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION order_list(
    p_organization uuid, p_customer uuid, p_status text, p_payment_status text, p_currency text,
    p_from text, p_to text, p_search text, p_sort text, p_direction text,
    p_limit integer, p_offset integer, p_cursor text DEFAULT NULL)
RETURNS TABLE (body text, version bigint, customer text, parts text[]) LANGUAGE sql STABLE
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
    ), counted AS MATERIALIZED (
        SELECT n.known, CASE WHEN n.known
            THEN (SELECT coalesce(sum(k.orders), 0) FROM order_count_rows(p_organization) AS k
                WHERE (p_status IS NULL OR k.status = p_status)
                    AND (p_payment_status IS NULL OR k.payment_status = p_payment_status)
                    AND (p_currency IS NULL OR k.currency = p_currency))
            ELSE (SELECT count(*)
                FROM (SELECT FROM matching m LIMIT looked_rows() + 1) AS found) END AS total
        FROM (SELECT p_customer IS NULL AND p_from IS NULL AND p_to IS NULL
            AND p_search IS NULL AS known) AS n
    ), picked AS MATERIALIZED (
        -- Ids come first, so that no document is made for a row that the offset skips. One more
        -- than is shown tells whether there is a next page.
        SELECT ARRAY(
            SELECT m.id FROM matching m
            WHERE p_cursor IS NULL OR CASE p_sort || ' ' || p_direction
                WHEN 'createdAt asc' THEN (m.created_at, m.id)
                    > (left(p_cursor, -37)::timestamptz, right(p_cursor, 36)::uuid)
                WHEN 'createdAt desc' THEN (m.created_at, m.id)
                    < (left(p_cursor, -37)::timestamptz, right(p_cursor, 36)::uuid)
                WHEN 'updatedAt asc' THEN (m.updated_at, m.id)
                    > (left(p_cursor, -37)::timestamptz, right(p_cursor, 36)::uuid)
                WHEN 'updatedAt desc' THEN (m.updated_at, m.id)
                    < (left(p_cursor, -37)::timestamptz, right(p_cursor, 36)::uuid)
                WHEN 'totalAmount asc' THEN (m.total_amount, m.id)
                    > (left(p_cursor, -37)::numeric, right(p_cursor, 36)::uuid)
                WHEN 'totalAmount desc' THEN (m.total_amount, m.id)
                    < (left(p_cursor, -37)::numeric, right(p_cursor, 36)::uuid)
                WHEN 'orderNumber asc' THEN (m.order_number, m.id)
                    > (left(p_cursor, -37), right(p_cursor, 36)::uuid)
                WHEN 'orderNumber desc' THEN (m.order_number, m.id)
                    < (left(p_cursor, -37), right(p_cursor, 36)::uuid)
                WHEN 'status asc' THEN (m.status, m.created_at, m.id)
                    > (split_part(p_cursor, '_', 1),
                        split_part(p_cursor, '_', 2)::timestamptz, right(p_cursor, 36)::uuid)
                WHEN 'status desc' THEN (m.status, m.created_at, m.id)
                    < (split_part(p_cursor, '_', 1),
                        split_part(p_cursor, '_', 2)::timestamptz, right(p_cursor, 36)::uuid)
                END
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
            LIMIT CASE WHEN p_offset > looked_rows()
                AND (SELECT c.total FROM counted c) > looked_rows() THEN 0 ELSE p_limit + 1 END
            OFFSET p_offset
        ) AS ids
    )
    SELECT row_to_json(shown)::text AS body, NULL::bigint AS version, NULL::text AS customer,
        order_list_parts(p_organization, p_customer, p_status, p_payment_status, p_currency, p_sort,
            p.ids[1:p_limit]) AS parts
    FROM picked p CROSS JOIN counted c CROSS JOIN LATERAL (SELECT
        array_to_json(ARRAY(
            SELECT d.document
            FROM unnest(p.ids[1:p_limit]) WITH ORDINALITY AS i (id, place)
            JOIN order_documents d ON d.id = i.id
            ORDER BY i.place
        )) AS items,
        p_offset / p_limit + 1 AS page,
        p_limit AS "limit",
        CASE WHEN c.known THEN c.total ELSE least(c.total, looked_rows()) END AS total,
        c.known OR c.total <= looked_rows() AS "totalIsExact",
        CASE WHEN p.ids[p_limit + 1] IS NOT NULL THEN (
            SELECT CASE p_sort WHEN 'createdAt' THEN time_text(o.created_at)
                WHEN 'updatedAt' THEN time_text(o.updated_at)
                WHEN 'totalAmount' THEN o.total_amount::text
                WHEN 'orderNumber' THEN o.order_number
                ELSE o.status || '_' || time_text(o.created_at) END || '_' || o.id
            FROM orders o WHERE o.id = p.ids[p_limit]) END AS next
    ) AS shown
    WHERE p_offset <= looked_rows() OR c.total <= looked_rows();
END;
