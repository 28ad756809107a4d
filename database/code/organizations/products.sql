-- A page of the products that an organisation sells, the newest first. Always one row.
--   p_limit: how many. p_after: the place where the last page ended, NULL for the first page.
--   body: the JSON to send. next: the place where the next page begins, null after the last one.
--   version, customer: NULL.
-- A page looks at looked_rows() products, so it may end before it is full, with a next.
-- Postgres puts this body into the calling statement and plans with the values: see order_list.
CREATE OR REPLACE FUNCTION organization_products(p_organization uuid, p_limit integer, p_after text)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH looked AS NOT MATERIALIZED (
        SELECT p.id, p.created_at, p.active FROM products p
        WHERE p.organization_id = p_organization AND p.deleted_at IS NULL
            AND (p_after IS NULL
                OR (p.created_at, p.id) < (place_time(p_after), place_id(p_after)))
        ORDER BY p.created_at DESC, p.id DESC LIMIT looked_rows()
    ), page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT l.id, l.created_at FROM looked l WHERE l.active
        ORDER BY l.created_at DESC, l.id DESC LIMIT p_limit + 1
    )
    SELECT row_to_json(shown)::text, NULL::bigint, NULL::text FROM (SELECT
        array_to_json(ARRAY(
            SELECT d.document
            FROM (SELECT * FROM page ORDER BY created_at DESC, id DESC LIMIT p_limit) AS p
            JOIN product_documents d ON d.id = p.id
            ORDER BY p.created_at DESC, p.id DESC
        )) AS items,
        p_limit AS "limit",
        CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT place_text(p.created_at, p.id) FROM page p
                ORDER BY p.created_at DESC, p.id DESC LIMIT 1 OFFSET p_limit - 1)
            ELSE (SELECT place_text(l.created_at, l.id) FROM looked l
                ORDER BY l.created_at DESC, l.id DESC LIMIT 1 OFFSET looked_rows() - 1)
            END AS next
    ) AS shown;
END;
