-- One order.
-- $1 uuid organisation, $2 uuid order. No row: not found.
-- body text: the JSON to send. version bigint: of the order, its ETag. customer text: whose order it is.
SELECT body, version, customer FROM order_get($1::uuid, $2::uuid)
