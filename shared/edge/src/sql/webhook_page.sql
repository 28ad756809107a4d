-- A page of events, the newest first. $1 uuid organisation or NULL for all, $2 text state or NULL, $3 integer limit, $4 integer offset.
SELECT body FROM webhook_events_page($1::uuid, $2::text, $3::integer, $4::integer)
