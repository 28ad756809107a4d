-- A page of a customer's orders, each as a whole document, newest first. No row: the organisation
-- has no such customer.
--   p_limit: orders on a page. p_offset: orders before it, a multiple of p_limit.
--   body: the JSON to send. version: NULL. customer: the customer. parts: see order_list_parts.
-- Postgres puts this body into the calling statement and plans with the values: see order_list.
CREATE OR REPLACE FUNCTION order_history(
    p_organization uuid, p_customer uuid, p_limit integer, p_offset integer)
RETURNS TABLE (body text, version bigint, customer text, parts text[]) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH matching AS NOT MATERIALIZED (
        SELECT o.id, o.created_at
        FROM orders o
        WHERE o.organization_id = p_organization AND o.customer_id = p_customer
            AND o.deleted_at IS NULL
    ), picked AS MATERIALIZED (
        SELECT ARRAY(SELECT m.id FROM matching m ORDER BY m.created_at DESC, m.id DESC
            LIMIT p_limit OFFSET p_offset) AS ids
    )
    SELECT row_to_json(shown)::text AS body, NULL::bigint AS version, c.id::text AS customer,
        order_list_parts(p_organization, p_customer, NULL, NULL, NULL, 'createdAt', picked.ids)
            AS parts
    FROM customers c
    CROSS JOIN picked
    CROSS JOIN LATERAL (SELECT
        array_to_json(ARRAY(
            SELECT d.document
            FROM unnest(picked.ids) WITH ORDINALITY AS p (id, place)
            JOIN order_documents d ON d.id = p.id
            ORDER BY p.place
        )) AS items,
        p_offset / p_limit + 1 AS page,
        p_limit AS "limit",
        (SELECT count(*) FROM matching) AS total
    ) AS shown
    WHERE c.organization_id = p_organization AND c.id = p_customer;
END;
