SELECT * FROM session_get($1::uuid, $2::uuid)
