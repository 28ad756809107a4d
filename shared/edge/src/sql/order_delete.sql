SELECT * FROM order_delete($1::uuid, $2::uuid, $3::boolean, $4::bigint)
