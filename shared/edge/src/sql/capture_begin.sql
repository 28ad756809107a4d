-- What can be captured: $1 uuid organisation, $2 uuid payment or payment session, $3 text principal, $4 text idempotency key, $5 text hash of
-- the body. See migrations/0120 and 0144. It changes no order: nothing to invalidate.
SELECT outcome, status, what, provider, account, external_id, currency, order_id, body, refusals, '' AS xid, '{}'::text[] AS tags
FROM payment_capture_begin($1::uuid, $2::uuid, $3::text, $4::text, $5::text)
