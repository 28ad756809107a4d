-- A customer's sessions of a status: a rare one among many was looked for in all of them.
CREATE INDEX payment_sessions_customer_status
    ON payment_sessions (organization_id, customer_id, status, created_at, id);
