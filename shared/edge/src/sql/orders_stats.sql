SELECT * FROM order_stats($1::uuid)
