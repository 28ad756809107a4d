-- One payment session.
-- $1 uuid organisation, $2 uuid session. No row: not found.
-- body text: the JSON to send. version bigint: NULL. customer text: whose it is. ttl_ms bigint: how long it stays as it is by itself,
-- NULL where that has no end.
SELECT body, NULL::bigint AS version, customer,
    CASE WHEN status IN ('needs_review', 'awaiting_redirect', 'awaiting_callback')
        THEN greatest(1, extract(epoch FROM (body::json ->> 'expiresAt')::timestamptz - now()) * 1000)::bigint END AS ttl_ms
FROM payment_session_get($1::uuid, $2::uuid, NULL)
