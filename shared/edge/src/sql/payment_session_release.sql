SELECT * FROM session_postpone($1::uuid, $2::uuid)
