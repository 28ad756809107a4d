SELECT * FROM order_summary($1::uuid, $2::uuid)
