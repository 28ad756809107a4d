-- What becomes of an order, of its payment sessions and of its guest tokens, whichever program
-- changes them: kept beside payment_audit, and like it only added to. A timeline joins both.
CREATE TABLE order_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- The principal that payment_actor named in this transaction, else the database's user.
    actor text NOT NULL,
    relation text NOT NULL,
    organization_id uuid NOT NULL,
    order_id uuid NOT NULL,
    -- The columns that tell of money and status. before is NULL if the row is new, after if it is
    -- gone.
    before jsonb,
    after jsonb
);

CREATE INDEX order_audit_order ON order_audit (order_id, at, id);
-- The same way into the other audit. The index that has served its order so far has no time.
CREATE INDEX payment_audit_timeline ON payment_audit (order_id, at, id) WHERE order_id IS NOT NULL;
DROP INDEX payment_audit_order;

\i code/orders/audit_order.sql
\i code/payments/keep_audit.sql

CREATE TRIGGER audit_insert AFTER INSERT ON orders
    FOR EACH ROW EXECUTE FUNCTION audit_order();
CREATE TRIGGER audit_update AFTER UPDATE ON orders FOR EACH ROW
    WHEN ((OLD.status, OLD.payment_status, OLD.currency, OLD.total_amount, OLD.deleted_at)
        IS DISTINCT FROM (NEW.status, NEW.payment_status, NEW.currency, NEW.total_amount,
            NEW.deleted_at))
    EXECUTE FUNCTION audit_order();
CREATE TRIGGER audit_delete AFTER DELETE ON orders
    FOR EACH ROW EXECUTE FUNCTION audit_order();
ALTER TABLE orders ENABLE ALWAYS TRIGGER audit_insert, ENABLE ALWAYS TRIGGER audit_update,
    ENABLE ALWAYS TRIGGER audit_delete;

CREATE TRIGGER audit_insert AFTER INSERT ON payment_sessions
    FOR EACH ROW EXECUTE FUNCTION audit_order();
CREATE TRIGGER audit_update AFTER UPDATE ON payment_sessions FOR EACH ROW
    WHEN ((OLD.status, OLD.reason, OLD.external_id, OLD.external_payment_id, OLD.released_by)
        IS DISTINCT FROM (NEW.status, NEW.reason, NEW.external_id, NEW.external_payment_id,
            NEW.released_by))
    EXECUTE FUNCTION audit_order();
ALTER TABLE payment_sessions ENABLE ALWAYS TRIGGER audit_insert,
    ENABLE ALWAYS TRIGGER audit_update;

CREATE TRIGGER audit_insert AFTER INSERT ON guest_tokens
    FOR EACH ROW EXECUTE FUNCTION audit_order();
CREATE TRIGGER audit_update AFTER UPDATE ON guest_tokens FOR EACH ROW
    WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at)
    EXECUTE FUNCTION audit_order();
ALTER TABLE guest_tokens ENABLE ALWAYS TRIGGER audit_insert, ENABLE ALWAYS TRIGGER audit_update;

CREATE TRIGGER keep BEFORE UPDATE OR TRUNCATE ON order_audit
    FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();
CREATE TRIGGER keep_row BEFORE DELETE ON order_audit
    FOR EACH ROW EXECUTE FUNCTION keep_audit();

-- Payments by the time at which they were recorded here, to be compared with their providers'.
CREATE INDEX payments_created ON payments (organization_id, created_at, id);
