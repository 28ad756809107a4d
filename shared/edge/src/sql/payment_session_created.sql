SELECT * FROM session_created($1::uuid, $2::text, $3::text, $4::uuid)
