SELECT * FROM order_set_statuses($1::uuid, $2::text[], $3::text, $4::text[])
