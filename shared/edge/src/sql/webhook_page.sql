SELECT * FROM webhook_list($1::uuid, $2::text, $3::integer, $4::integer)
