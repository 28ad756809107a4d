-- Lets an event take effect. $1 uuid event, $2 jsonb the objects it is about, $3 bool whether the provider's API has shown them, $4 text what
-- the event names there or NULL, $5 bool whether that is shown as the event's body says.
-- outcome text: applied | already_applied | waiting | needs_review | ignored | unknown_event; reason text; payment_status text: the
-- order's; xid text, tags text[]: the transaction and what it announced.
SELECT outcome, reason, payment_status, xid, tags FROM webhook_event_apply($1::uuid, $2::jsonb, $3::boolean, $4::text, $5::boolean)
