-- Holds a session for review.
-- $1 uuid session, $2 int score, $3 text[] signals, $4 text cancel URL, $5 bigint seconds it waits, $6 uuid organisation.
-- No row: it isn't being created anymore. body text: the session as it is shown. xid text, tags text[]: the transaction, what it changed.
SELECT body, pg_current_xact_id()::text AS xid, ARRAY['session:' || $6::uuid || '/' || $1::uuid] AS tags
FROM payment_session_hold($6::uuid, $1::uuid, $2::integer, $3::text[], $4::text, $5::bigint * interval '1 second')
