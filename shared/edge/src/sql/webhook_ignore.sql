SELECT '' AS xid, '{}'::text[] AS tags FROM webhook_ignore($1::uuid, $2::text)
