-- Tells what came of an attempt: $1 uuid request, $2 uuid lease, $3 text the provider's refund or NULL, $4 text reason or NULL, $5 text when to
-- try again, as an interval, or NULL. done text: true, or false where the lease was lost.
SELECT refund_request_done($1::uuid, $2::uuid, $3::text, $4::text, $5::text::interval)::text AS done, '' AS xid, '{}'::text[] AS tags
