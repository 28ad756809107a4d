-- Whose order a payment is tried for.
-- $1 uuid organisation, $2 uuid order. No row: not found. customer text.
SELECT customer FROM payment_attempt_facts($1::uuid, $2::uuid, NULL, NULL)
