-- The provider has made its part of a session.
-- $1 uuid session, $2 text the provider's id or NULL, $3 text where to send the shopper or NULL, $4 uuid organisation.
-- No row: the session isn't being created anymore. body text: the session as it is shown.
-- xid text, tags text[]: a held one was shown before.
SELECT body, pg_current_xact_id()::text AS xid, ARRAY['session:' || $4::uuid || '/' || $1::uuid] AS tags
FROM payment_session_created($4::uuid, $1::uuid, $2::text, $3::text)
