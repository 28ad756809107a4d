-- What was paid for one order.
-- $1 uuid organisation, $2 uuid order. No row: not found.
-- body text: the JSON to send. version bigint: NULL. customer text: whose order it is.
SELECT body, version, customer FROM order_payment_status($1::uuid, $2::uuid)
