SELECT *, '' AS xid, '{}'::text[] AS tags FROM webhook_dismiss($1::uuid, $2::text, $3::text)
