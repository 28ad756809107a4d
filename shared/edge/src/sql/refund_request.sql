-- Queues a refund: $1 uuid organisation, $2 uuid payment, $3 text amount or NULL (all that is left), $4 text note or NULL, $5 text principal,
-- $6 text idempotency key, $7 text hash of the body, $8 uuid its id.
-- outcome text: queued | replay | mismatch | not_found | not_refundable | too_much. request text: the refund that stands under this key.
-- It changes no order yet: nothing to invalidate.
SELECT outcome, request::text, '' AS xid, '{}'::text[] AS tags
FROM refund_request($1::uuid, $2::uuid, $3::text::numeric, $4::text, $5::text, $6::text, $7::text, $8::uuid)
