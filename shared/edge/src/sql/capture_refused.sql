-- A capture was refused: $1 text gateway, $2 text the provider's order, $3 int how often before. xid text, tags text[]: what it changed.
SELECT pg_current_xact_id()::text AS xid, tags FROM payment_capture_refused($1::text, $2::text, $3::integer) AS tags
