SELECT * FROM order_invoice($1::uuid, $2::uuid)
