SELECT *, '' AS xid, '{}'::text[] AS tags FROM webhook_replay($1::uuid, $2::uuid, $3::text, $4::bigint)
