SELECT *, NULL::text AS xid, '{}'::text[] AS tags FROM guest_token_create($1::uuid, $2::uuid, $3::uuid, $4::text, $5::bigint, $6::text)
