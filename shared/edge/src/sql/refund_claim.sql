SELECT *, '' AS xid, '{}'::text[] AS tags FROM refund_claim($1::integer, $2::text, $3::uuid)
