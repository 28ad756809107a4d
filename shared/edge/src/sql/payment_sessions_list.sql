SELECT * FROM session_list($1::uuid, $2::uuid, $3::uuid, $4::text, $5::integer, $6::boolean)
