SELECT * FROM order_patch($1::uuid, $2::uuid, $3::uuid, $4::bigint, $5::text, $6::text[], $7::boolean, $8::text, $9::jsonb, $10::boolean)
