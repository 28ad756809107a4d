SELECT * FROM session_hold($1::uuid, $2::integer, $3::text[], $4::text, $5::bigint, $6::uuid)
