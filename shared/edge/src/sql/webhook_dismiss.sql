-- Puts an event in review aside. $1 uuid event, $2 text the operator, $3 text a note or NULL.
-- outcome text: dismissed | not_found | not_in_review; event_id text, state text, reason text: the event's.
SELECT outcome, event_id, state, reason, '' AS xid, '{}'::text[] AS tags FROM webhook_event_dismiss($1::uuid, $2::text, $3::text)
