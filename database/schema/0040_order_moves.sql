-- What is announced of an order, its numbers, its stock and its words follow some of its columns. A
-- note that one of these has changed spares the triggers of a statement the look at the rows of all
-- other updates. The trigger stands before functions rely on it: whoever changes orders meanwhile is
-- waited for.
\i code/orders/note_move.sql

-- Counts that can be relied on stay so: nobody changes an order until this file is committed.
UPDATE order_counts_built SET sign = 'kept' WHERE sign = order_counts_sign();

CREATE TRIGGER note_move AFTER UPDATE ON orders FOR EACH ROW
    WHEN ((OLD.id, OLD.organization_id, OLD.customer_id, OLD.order_number, OLD.status,
            OLD.payment_status, OLD.currency, OLD.total_amount, OLD.shipping_address,
            OLD.external_transaction_id, OLD.created_at, OLD.deleted_at)
        IS DISTINCT FROM (NEW.id, NEW.organization_id, NEW.customer_id, NEW.order_number,
            NEW.status, NEW.payment_status, NEW.currency, NEW.total_amount, NEW.shipping_address,
            NEW.external_transaction_id, NEW.created_at, NEW.deleted_at))
    EXECUTE FUNCTION order_note_move();
ALTER TABLE orders ENABLE ALWAYS TRIGGER note_move;

\i code/counts/sign.sql

UPDATE order_counts_built SET sign = order_counts_sign() WHERE sign = 'kept';
