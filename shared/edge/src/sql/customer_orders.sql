SELECT * FROM order_history($1::uuid, $2::uuid, $3::integer, $4::integer)
