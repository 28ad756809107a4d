-- Deletes an order: hides it, or, hard, removes it with its items, shipments and invoice, hidden or not.
-- $1 uuid organisation, $2 uuid order, $3 bool hard, $4 bigint version: only this one, NULL for any.
-- outcome text: deleted | not_found | version_mismatch | has_payments (hard only).
-- body text: NULL. version bigint: as it was found.
-- xid text, tags text[]: the transaction (NULL where nothing was written) and what to invalidate before the answer: what
-- it announced, and what a repeated request finds done.
SELECT outcome, body, version, xid, tags
FROM order_delete($1::uuid, $2::uuid, $3::boolean, $4::bigint)
