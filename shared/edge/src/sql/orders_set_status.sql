-- Sets the status of many orders. One row per id, in the order asked.
-- $1 uuid organisation, $2 text[] orders, $3 text new status, $4 text[] the statuses it may come from.
-- id text. outcome text: updated | not_found | not_allowed (by $4) | unchanged (has it already).
-- status text, version bigint, body text (the JSON of one line): as they are now; NULL with not_found.
-- xid text, tags text[]: the transaction (NULL where nothing was written) and what to invalidate before the answer, the same in each row: what
-- it announced, and what a repeated request finds done.
SELECT id, outcome, status, version, body, xid, tags
FROM orders_set_status($1::uuid, $2::text[], $3::text, $4::text[])
