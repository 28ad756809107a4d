SELECT * FROM session_approve($1::uuid, $2::uuid, $3::text, $4::text, $5::bigint, $6::bigint)
