-- The invoice of one order; also no row where the order has none.
-- $1 uuid organisation, $2 uuid order. No row: not found.
-- body text: the JSON to send. version bigint: NULL. customer text: whose order it is.
SELECT d.document::text AS body, NULL::bigint AS version, d.customer_id::text AS customer
FROM order_invoice_documents d
WHERE d.organization_id = $1::uuid AND d.id = $2::uuid
