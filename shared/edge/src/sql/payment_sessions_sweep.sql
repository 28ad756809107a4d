SELECT * FROM session_sweep($1::integer)
