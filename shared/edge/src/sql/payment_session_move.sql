-- Moves a payment session on.
-- $1 uuid organisation, $2 uuid session, $3 uuid customer: only this one's, NULL for any; $4 text[] the statuses it may come from,
-- $5 text the status to go to, $6 text why, where that is failed.
-- outcome text: moved | unchanged | not_allowed | not_payable (status: why not) | not_found. body text: the session as it is shown; status text; redirect_url text:
-- the provider's page, where there is one. xid text, tags text[]: the transaction, what it changed.
SELECT m.outcome, m.body, m.status, s.redirect_url, pg_current_xact_id()::text AS xid,
    ARRAY['session:' || $1::uuid || '/' || $2::uuid] AS tags
FROM payment_session_move($1::uuid, $2::uuid, $3::uuid, $4::text[], $5::text, $6::text) AS m
LEFT JOIN payment_sessions AS s ON m.outcome <> 'not_found' AND s.organization_id = $1::uuid AND s.id = $2::uuid
