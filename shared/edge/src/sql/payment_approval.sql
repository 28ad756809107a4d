-- The session that waits for an approved order: $1 text gateway, $2 text the provider's order. No row: it isn't to be captured.
-- refusals int: how often its capture was refused.
SELECT session, refusals FROM payment_approval($1::text, $2::text)
