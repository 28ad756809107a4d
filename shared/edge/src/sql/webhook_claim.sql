-- Takes events that are due. $1 integer how many, $2 bigint for how many seconds.
-- event text, provider text, account text, event_id text, body bytea or NULL, for each.
SELECT event::text AS event, provider, account, event_id, body, '' AS xid, '{}'::text[] AS tags
FROM webhook_events_claim($1::integer, make_interval(secs => $2::bigint))
