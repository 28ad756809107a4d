-- An event waits, since nothing could be learnt about it. $1 uuid event, $2 text reason.
SELECT '' AS xid, '{}'::text[] AS tags FROM webhook_event_postpone($1::uuid, $2::text)
