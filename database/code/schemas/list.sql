-- A page of an organisation's schemas, the newest first, without their fields. Always one row.
--   p_limit: how many. p_after: the place where the last page ended, NULL for the first page.
--   body: the JSON to send. next: the place where the next page begins, null after the last one.
--   version, customer: NULL.
-- Postgres puts this body into the calling statement and plans with the values: see order_list.
CREATE OR REPLACE FUNCTION schema_list(p_organization uuid, p_limit integer, p_after text)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT s.id, s.name, s.version, s.created_at, s.updated_at FROM product_schemas s
        WHERE s.organization_id = p_organization
            AND (p_after IS NULL
                OR (s.created_at, s.id) < (place_time(p_after), place_id(p_after)))
        ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit + 1
    )
    SELECT row_to_json(shown)::text, NULL::bigint, NULL::text FROM (SELECT
        array_to_json(ARRAY(
            SELECT row_to_json(d) FROM (
                SELECT p.id, p.name, p.version, time_text(p.created_at) AS "createdAt",
                    time_text(p.updated_at) AS "updatedAt"
                FROM page p ORDER BY p.created_at DESC, p.id DESC LIMIT p_limit
            ) AS d
        )) AS items,
        p_limit AS "limit",
        CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT place_text(p.created_at, p.id) FROM page p
                ORDER BY p.created_at DESC, p.id DESC LIMIT 1 OFFSET p_limit - 1)
            END AS next
    ) AS shown;
END;
