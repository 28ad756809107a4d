-- Creates an order, once per key.
-- $1 uuid organisation, $2 jsonb {customerId, currency, items: [{sku, quantity, unitPrice?}], notes?, shippingAddress?}, already
-- validated; $3 text principal, $4 text idempotency key, $5 text hash of the request's body, $6 uuid the id to give.
-- outcome text: created | replay (of the stored answer) | mismatch (the key was used for another body) | unknown_customer |
--   unknown_sku:<index> | no_price:<index> (no price in this currency) | total_too_large; where it isn't created, the key is free.
-- body text: the JSON of the order as it was created. version bigint: with created and replay.
-- xid text, tags text[]: the transaction (NULL where nothing was written) and what to invalidate before the answer: what
-- it announced, and what a repeated request finds done.
SELECT outcome, body, version, xid, tags
FROM order_create($1::uuid, $2::jsonb, $3::text, $4::text, $5::text, $6::uuid)
