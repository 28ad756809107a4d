SELECT * FROM cache_forget_transaction($1::text, $2::text[], $3::text, $4::text)
