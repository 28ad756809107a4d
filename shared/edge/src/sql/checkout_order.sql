SELECT * FROM checkout_order($1::uuid, $2::text, $3::uuid, $4::uuid, $5::jsonb, $6::uuid)
