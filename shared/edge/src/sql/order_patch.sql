-- Changes an order.
-- $1 uuid organisation, $2 uuid order, $3 uuid customer: only this one's order, NULL for any; $4 bigint version: only this one,
-- NULL for any; $5 text new status, NULL to keep it, $6 text[] the statuses it may come from; $7 bool whether to set the notes,
-- $8 text notes; $9 jsonb shipping address, $10 bool whether to set it.
-- outcome text: updated | not_found | version_mismatch | not_allowed (by $6).
-- body text: the JSON of the order with updated, else NULL. version bigint, status text: as they are now.
-- xid text, tags text[]: the transaction and what it announced; NULL and empty where nothing was written.
SELECT outcome, body, version, status, xid, tags
FROM order_patch($1::uuid, $2::uuid, $3::uuid, $4::bigint, $5::text, $6::text[], $7::boolean, $8::text, $9::jsonb, $10::boolean)
