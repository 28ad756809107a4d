-- Takes refunds to send: $1 int4 at most so many, $2 text how long for, as an interval, $3 uuid only this one, or NULL: those that are due.
SELECT request::text, lease::text, order_id, provider, account, payment, amount, currency, note, attempts, '' AS xid, '{}'::text[] AS tags
FROM refund_requests_claim($1::integer, $2::text::interval, $3::uuid)
