-- A page of a customer's orders, whole, newest first. No row: the organisation has no such customer.
-- $1 uuid organisation, $2 uuid customer, $3 int limit, $4 int offset (a multiple of limit).
-- body text: the JSON to send. version bigint: NULL. customer text: the customer.
WITH matching AS NOT MATERIALIZED (
    SELECT o.id, o.created_at
    FROM orders o
    WHERE o.organization_id = $1::uuid AND o.customer_id = $2::uuid AND o.deleted_at IS NULL
)
SELECT row_to_json(shown)::text AS body, NULL::bigint AS version, c.id::text AS customer
FROM customers c
CROSS JOIN LATERAL (SELECT
    array_to_json(ARRAY(
        SELECT d.document
        FROM unnest(ARRAY(
            SELECT m.id FROM matching m ORDER BY m.created_at DESC, m.id DESC LIMIT $3::int OFFSET $4::int
        )) WITH ORDINALITY AS p (id, place)
        JOIN order_documents d ON d.id = p.id
        ORDER BY p.place
    )) AS items,
    $4::int / $3::int + 1 AS page,
    $3::int AS "limit",
    (SELECT count(*) FROM matching) AS total
) AS shown
WHERE c.organization_id = $1::uuid AND c.id = $2::uuid
