SELECT '' AS xid, '{}'::text[] AS tags FROM capture_done($1::uuid, $2::uuid, $3::text, $4::text, $5::text)
