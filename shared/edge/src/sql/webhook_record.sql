-- Stores one verified event, or finds it.
-- $1 text provider, $2 text account, $3 text event id, $4 text type, $5 text SHA-256 of the body, $6 text PayPal's transmission id or
-- NULL, $7 jsonb signature headers or NULL, $8 bytea body, $9 text when it happened or NULL, $10 text state and $11 text reason of a new
-- event, $12 bigint for how many seconds headers and body are kept.
-- outcome text: recorded | known | too_many (its transmission has had its bodies for this hour: nothing is stored).
-- event text, state text, reason text, as stored; xid, tags: what an answer vouches for where it has taken effect before.
SELECT r.outcome, r.event::text AS event, r.state, r.reason, '' AS xid,
    CASE WHEN r.state = 'applied' THEN webhook_event_tags(r.event) ELSE '{}' END AS tags
FROM payment_event_record($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::jsonb, $8::bytea, $9::text::timestamptz,
    $10::text, $11::text, make_interval(secs => $12::bigint)) AS r
