SELECT * FROM payment_backlog()
