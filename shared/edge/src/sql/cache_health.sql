SELECT * FROM cache_health($1::text)
