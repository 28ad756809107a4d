-- Keeps what was answered to a capture: $1 uuid organisation, $2 uuid as asked, $3 text principal, $4 text idempotency key, $5 text body.
SELECT '' AS xid, '{}'::text[] AS tags FROM payment_capture_done($1::uuid, $2::uuid, $3::text, $4::text, $5::text)
