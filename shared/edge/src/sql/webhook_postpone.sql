SELECT '' AS xid, '{}'::text[] AS tags FROM webhook_postpone($1::uuid, $2::text)
