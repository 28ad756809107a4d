SELECT * FROM webhook_record($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::jsonb, $8::bytea, $9::text, $10::text, $11::text, $12::bigint)
