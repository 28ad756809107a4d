-- An event that can only be looked at. $1 uuid event, $2 text reason.
SELECT '' AS xid, '{}'::text[] AS tags FROM webhook_event_give_up($1::uuid, $2::text)
