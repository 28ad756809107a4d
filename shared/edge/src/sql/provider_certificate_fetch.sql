SELECT *, '' AS xid, '{}'::text[] AS tags FROM certificate_fetch($1::text, $2::integer)
