SELECT * FROM capture_refused($1::text, $2::text, $3::integer)
