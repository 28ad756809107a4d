-- The invoice of one order; also no row where the order has none.
-- $1 uuid organisation, $2 uuid order. No row: not found.
-- body text: the JSON to send. version bigint: NULL. customer text: whose order it is.
SELECT body, version, customer FROM order_invoice($1::uuid, $2::uuid)
