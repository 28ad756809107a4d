SELECT * FROM order_tracking($1::uuid, $2::uuid)
