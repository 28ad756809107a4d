-- Gives an order a guest token.
-- $1 uuid organisation, $2 uuid order, $3 uuid customer: only this one's order, NULL for any; $4 text the token's HMAC in hexadecimal
-- digits, $5 bigint seconds it is valid, $6 text principal.
-- created int: 0 where there is no such order. expires_at text. xid text, tags text[]: nothing that is cached has changed.
SELECT guest_token_create($1::uuid, $2::uuid, $3::uuid, decode($4::text, 'hex'), $5::bigint * interval '1 second', $6::text)::integer AS created,
    time_text(now() + $5::bigint * interval '1 second') AS expires_at, NULL::text AS xid, '{}'::text[] AS tags
