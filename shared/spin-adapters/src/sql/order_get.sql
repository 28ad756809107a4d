-- One order.
-- $1 uuid organisation, $2 uuid order. No row: not found.
-- body text: the JSON to send. version bigint: of the order, its ETag. customer text: whose order it is.
SELECT d.document::text AS body, d.version AS version, d.customer_id::text AS customer
FROM order_documents d
WHERE d.organization_id = $1::uuid AND d.id = $2::uuid
