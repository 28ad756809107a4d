-- Begins a payment session, or finds what this key has begun.
-- $1 uuid organisation, $2 uuid customer: only this one's order, NULL for any; $3 uuid order, $4 text gateway, $5 text the account there
-- that gets the money or NULL, $6 text return URL, $7 text principal, $8 text idempotency key, $9 text hash of the request's body,
-- $10 uuid the id to give, $11 bigint seconds it is open, $12 bigint seconds nobody else asks the provider.
-- outcome text: started (ask the provider, then report) | in_progress | replay (body) | mismatch | unknown_order |
--   not_payable (reason: status, payment status or order-changed) | foreign_account | open_session (session). session text, body text, amount text, currency text,
-- reason text. With started: released int, 1 where an operator has let it go on; sessions_last_hour, failed_last_day, paid_before,
-- percent_of_largest bigint: what a fraud score is made of.
-- xid text, tags text[]: the transaction, and the sessions whose place this one takes.
WITH begun AS MATERIALIZED (
    SELECT * FROM payment_session_begin($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text,
        $10::uuid, $11::bigint * interval '1 second', $12::bigint * interval '1 second')
)
SELECT b.outcome, b.session, b.body, b.amount, b.currency, b.reason, (s.released_at IS NOT NULL)::integer AS released,
    f.sessions_last_hour, f.failed_last_day, f.paid_before, f.percent_of_largest, b.xid, b.tags
FROM begun AS b
LEFT JOIN payment_sessions AS s ON s.id = b.session::uuid
LEFT JOIN LATERAL payment_attempt_facts($1::uuid, $3::uuid, $2::uuid, b.session::uuid) AS f ON b.outcome = 'started'
