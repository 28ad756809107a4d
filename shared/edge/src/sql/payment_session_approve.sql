-- Lets a held session go on.
-- $1 uuid organisation, $2 uuid session, $3 text a JSON object: by gateway, the account that gets the money; $4 text principal,
-- $5 bigint seconds it is open, $6 bigint seconds nobody else asks the provider.
-- outcome text: started (ask the provider, then report) | in_progress | not_allowed (status) | not_payable (status: the order's, or
-- order-changed) | foreign_account | not_found. With started: order_id, gateway, amount, currency, return_url, cancel_url text. xid text, tags text[]: the transaction, what it changed.
SELECT outcome, status, order_id, gateway, amount, currency, return_url, cancel_url, pg_current_xact_id()::text AS xid,
    ARRAY['session:' || $1::uuid || '/' || $2::uuid] AS tags
FROM payment_session_approve($1::uuid, $2::uuid, $3::text::jsonb, $4::text, $5::bigint * interval '1 second',
    $6::bigint * interval '1 second')
