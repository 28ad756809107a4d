SELECT * FROM cache_renew($1::text, $2::text)
