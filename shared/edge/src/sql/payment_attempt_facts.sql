SELECT * FROM session_customer($1::uuid, $2::uuid)
