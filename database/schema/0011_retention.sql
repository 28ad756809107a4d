-- Rows that have to be forgotten are found by their age, and the audit lets go of old ones.

CREATE INDEX payment_objects_without_order ON payment_objects (updated_at) WHERE order_id IS NULL;
CREATE INDEX payment_sessions_created ON payment_sessions (created_at);
CREATE INDEX checkout_orders_created ON checkout_orders (created_at);
CREATE INDEX refund_requests_settled ON refund_requests (created_at)
    WHERE state IN ('sent', 'failed');
CREATE INDEX webhook_transmission_floods_since ON webhook_transmission_floods (since);

\i code/payments/keep_audit.sql

-- Rows of the audit are judged one by one: prune_audit may delete old ones.
DROP TRIGGER keep ON payment_audit;
CREATE TRIGGER keep BEFORE UPDATE OR TRUNCATE ON payment_audit
    FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();
CREATE TRIGGER keep_row BEFORE DELETE ON payment_audit
    FOR EACH ROW EXECUTE FUNCTION keep_audit();
