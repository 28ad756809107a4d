-- An event that concerns nothing of ours. $1 uuid event, $2 text reason.
SELECT '' AS xid, '{}'::text[] AS tags FROM webhook_event_ignore($1::uuid, $2::text)
