SELECT * FROM webhook_apply($1::uuid, $2::jsonb, $3::boolean, $4::text, $5::boolean)
