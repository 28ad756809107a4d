-- Columns for what events tell beyond a payment's state: how disputes end, until when the
-- seller has to answer, and when a refund failed. An order is judged anew when its total changes.

-- The end of a dispute. The new list has all of the old one, so the rows that are there fit it.
ALTER TABLE payment_objects
    DROP CONSTRAINT payment_objects_state_check,
    ADD CONSTRAINT payment_objects_state_check CHECK (state IN ('pending', 'authorized',
        'completed', 'failed', 'cancelled', 'inquiry', 'open', 'won', 'lost', 'closed',
        'undecided')) NOT VALID,
    -- The sum that a lost dispute took; NULL: all of its amount.
    ADD COLUMN returned numeric(15, 3) CHECK (returned >= 0),
    -- When the seller's answer to a dispute is due.
    ADD COLUMN due_at timestamptz,
    -- When a refund failed or was cancelled, by the provider's first word on it.
    ADD COLUMN ended_at timestamptz;

-- A payment's disputes as JSON, by id: what order_payment_status shows of them.
ALTER TABLE payments ADD COLUMN disputes jsonb NOT NULL DEFAULT '[]'
    CHECK (jsonb_typeof(disputes) = 'array');

-- Until now a reversed payment could say that less went back than its order said. A new database
-- has none, and not yet the functions by which an update is announced.
DO $$
BEGIN
    IF EXISTS (SELECT FROM payments WHERE status = 'reversed' AND refunded_amount < amount) THEN
        UPDATE payments SET refunded_amount = amount
        WHERE status = 'reversed' AND refunded_amount < amount;
    END IF;
END $$;

-- An order's id was told in capitals, so the money has waited for an order of another name.
UPDATE payment_objects SET order_reference = lower(order_reference)
WHERE order_id IS NULL AND order_reference <> lower(order_reference)
    AND lower(order_reference) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

COMMENT ON COLUMN webhook_events.body_sha256 IS
    'What tells events of one id apart. PayPal: SHA-256 of the raw body, since its signature leaves
    the body open. Stripe: SHA-256 of the event''s id, since its id is all that makes it another.';

\i code/payments/judge_changed_order.sql

-- Another total is another verdict on what was paid.
CREATE TRIGGER judge_payments BEFORE UPDATE OF total_amount, currency ON orders FOR EACH ROW
    WHEN ((OLD.total_amount, OLD.currency) IS DISTINCT FROM (NEW.total_amount, NEW.currency))
    EXECUTE FUNCTION judge_changed_order();

\i code/payments/judge_events.sql
\i code/payments/judge_events_of_changed_order.sql

-- And another reason to look at an event, or none any more.
CREATE TRIGGER judge_events AFTER UPDATE OF total_amount, currency, status, deleted_at ON orders
    FOR EACH ROW WHEN ((OLD.total_amount, OLD.currency, OLD.status = 'cancelled',
        OLD.deleted_at IS NULL) IS DISTINCT FROM (NEW.total_amount, NEW.currency,
        NEW.status = 'cancelled', NEW.deleted_at IS NULL))
    EXECUTE FUNCTION judge_events_of_changed_order();
