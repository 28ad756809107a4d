SELECT * FROM order_statuses($1::uuid, $2::text[])
