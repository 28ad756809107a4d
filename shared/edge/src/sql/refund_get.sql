SELECT * FROM refund_get($1::uuid, $2::uuid)
