SELECT '' AS xid, '{}'::text[] AS tags FROM webhook_give_up($1::uuid, $2::text)
