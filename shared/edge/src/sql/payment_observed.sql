-- What a provider's answer says takes effect: $1 text provider, $2 text account, $3 text what it answers, $4 text kind, $5 jsonb objects.
-- outcome text: applied | already_applied | waiting | needs_review (reason text). payment_status text: of the order.
-- xid text, tags text[]: what to invalidate before the answer.
SELECT outcome, reason, payment_status, xid, tags FROM payment_observed($1::text, $2::text, $3::text, $4::text, $5::jsonb)
