-- A page of an organisation's orders, whole. Always one row.
-- $1 uuid organisation; each filter NULL where it isn't asked for: $2 uuid customer, $3 text status, $4 text payment status,
-- $5 text currency, $6 text created at or after, $7 text created before (both RFC 3339), $8 text beginning of the order number;
-- $9 text sort: createdAt | updatedAt | totalAmount | orderNumber | status (then createdAt); $10 text direction: asc | desc;
-- $11 int limit, $12 int offset (a multiple of limit). Ties are broken by id in the same direction.
-- body text: the JSON to send. version bigint: NULL. customer text: NULL.
--
-- It is prepared for each call, so Postgres plans with the values at hand: filters that are NULL and sorts that aren't asked
-- for fold away, and what is left fits an index.
WITH matching AS NOT MATERIALIZED (
    SELECT o.id, o.created_at, o.updated_at, o.total_amount, o.order_number, o.status
    FROM orders o
    WHERE o.organization_id = $1::uuid
        AND o.deleted_at IS NULL
        AND ($2::uuid IS NULL OR o.customer_id = $2::uuid)
        AND ($3::text IS NULL OR o.status = $3::text)
        AND ($4::text IS NULL OR o.payment_status = $4::text)
        AND ($5::text IS NULL OR o.currency = $5::text)
        AND ($6::text IS NULL OR o.created_at >= $6::text::timestamptz)
        AND ($7::text IS NULL OR o.created_at < $7::text::timestamptz)
        AND ($8::text IS NULL OR starts_with(o.order_number, $8::text))
)
SELECT row_to_json(shown)::text AS body, NULL::bigint AS version, NULL::text AS customer
FROM (SELECT
    array_to_json(ARRAY(
        SELECT d.document
        -- Ids first: no document is made for a row that the offset skips.
        FROM unnest(ARRAY(
            SELECT m.id FROM matching m
            ORDER BY
                CASE WHEN $10::text = 'desc' AND $9::text = 'status' THEN m.status END DESC,
                CASE WHEN $10::text = 'desc' AND $9::text IN ('createdAt', 'status') THEN m.created_at END DESC,
                CASE WHEN $10::text = 'desc' AND $9::text = 'updatedAt' THEN m.updated_at END DESC,
                CASE WHEN $10::text = 'desc' AND $9::text = 'totalAmount' THEN m.total_amount END DESC,
                CASE WHEN $10::text = 'desc' AND $9::text = 'orderNumber' THEN m.order_number END DESC,
                CASE WHEN $10::text = 'desc' THEN m.id END DESC,
                CASE WHEN $9::text = 'status' THEN m.status END,
                CASE WHEN $9::text IN ('createdAt', 'status') THEN m.created_at END,
                CASE WHEN $9::text = 'updatedAt' THEN m.updated_at END,
                CASE WHEN $9::text = 'totalAmount' THEN m.total_amount END,
                CASE WHEN $9::text = 'orderNumber' THEN m.order_number END,
                m.id
            LIMIT $11::int OFFSET $12::int
        )) WITH ORDINALITY AS p (id, place)
        JOIN order_documents d ON d.id = p.id
        ORDER BY p.place
    )) AS items,
    $12::int / $11::int + 1 AS page,
    $11::int AS "limit",
    (SELECT count(*) FROM matching) AS total
) AS shown
