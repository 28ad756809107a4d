-- The refunds that were asked for of a payment: $1 uuid organisation, $2 uuid payment. No row: no such payment.
SELECT body FROM refund_requests_list($1::uuid, $2::uuid)
