SELECT * FROM payment_approval($1::text, $2::text)
