-- One refund that was asked for: $1 uuid organisation, $2 uuid request.
SELECT body, state, reason FROM refund_request_get($1::uuid, $2::uuid)
