SELECT *, '' AS xid, '{}'::text[] AS tags FROM webhook_claim($1::integer, $2::bigint)
