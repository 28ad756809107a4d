-- Takes one event again, by an operator's wish. $1 uuid organisation or NULL for any, $2 uuid event, $3 text the operator, $4 bigint for
-- how many seconds.
-- outcome text: replayed | not_found | applied | without_body; event text, provider text, account text, event_id text, body bytea: the event.
SELECT outcome, event::text AS event, provider, account, event_id, body, '' AS xid, '{}'::text[] AS tags
FROM webhook_event_again($1::uuid, $2::uuid, $3::text, make_interval(secs => $4::bigint))
