SELECT * FROM session_abandon($1::uuid, $2::uuid)
