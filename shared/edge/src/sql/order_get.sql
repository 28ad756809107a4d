SELECT * FROM order_get($1::uuid, $2::uuid)
