-- The statuses of many orders; those that don't exist are left out. Sorted by id.
-- $1 uuid organisation, $2 text[] orders.
-- id text. body text: the JSON of one line. version bigint: of the order. customer text: whose order it is.
SELECT d.id::text AS id, d.document::text AS body, d.version, d.customer_id::text AS customer
FROM order_status_documents d
WHERE d.organization_id = $1::uuid AND d.id = ANY ($2::text[]::uuid[])
ORDER BY d.id
