SELECT *, '' AS xid, '{}'::text[] AS tags FROM webhook_sweep($1::integer)
