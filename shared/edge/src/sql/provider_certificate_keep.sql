SELECT '' AS xid, '{}'::text[] AS tags FROM certificate_keep($1::text, $2::text)
