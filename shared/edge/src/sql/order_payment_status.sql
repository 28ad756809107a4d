SELECT * FROM order_payment_status($1::uuid, $2::uuid)
