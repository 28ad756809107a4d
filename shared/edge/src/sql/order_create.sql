SELECT * FROM order_create($1::uuid, $2::jsonb, $3::text, $4::text, $5::text, $6::uuid)
