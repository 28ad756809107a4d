SELECT * FROM session_move($1::uuid, $2::uuid, $3::uuid, $4::text[], $5::text, $6::text)
