SELECT *, NULL::text AS xid, '{}'::text[] AS tags FROM guest_token_revoke($1::uuid, $2::uuid, $3::uuid)
