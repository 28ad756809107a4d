-- Nothing came of a session. $1 uuid session, $2 uuid organisation. xid text, tags text[]: a held one was shown before.
SELECT pg_current_xact_id()::text AS xid, ARRAY['session:' || $2::uuid || '/' || $1::uuid] AS tags FROM payment_session_abandon($2::uuid, $1::uuid)
