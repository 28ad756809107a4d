SELECT * FROM cache_forget($1::bigint[])
