-- The provider was away: whoever asks next need not wait. $1 uuid session, $2 uuid organisation.
-- xid text, tags text[]: one that an operator has let go on was shown before.
SELECT pg_current_xact_id()::text AS xid, tags FROM payment_session_release($2::uuid, $1::uuid) AS tags
