-- Notes, for the triggers of the statement, whether an UPDATE of orders has changed a column by
-- which orders are listed, counted, settled or found. Most updates, such as another note, change
-- none of them, and the look that a statement's trigger takes at its rows costs more than what it
-- then does. Row triggers fire before those of their statement.
--
-- The note is a setting of the transaction, orders.moved: 'off' if every order that it has updated
-- so far stays where it is, 'on' once one has moved. Only 'off' spares a look. So nothing is missed
-- where this trigger isn't there, doesn't fire, or is older than those that read its note.
CREATE OR REPLACE FUNCTION order_note_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.organization_id, OLD.customer_id, OLD.order_number, OLD.status,
            OLD.payment_status, OLD.currency, OLD.total_amount, OLD.shipping_address,
            OLD.external_transaction_id, OLD.created_at, OLD.deleted_at)
        IS DISTINCT FROM (NEW.id, NEW.organization_id, NEW.customer_id, NEW.order_number,
            NEW.status, NEW.payment_status, NEW.currency, NEW.total_amount, NEW.shipping_address,
            NEW.external_transaction_id, NEW.created_at, NEW.deleted_at)
    THEN
        PERFORM set_config('orders.moved', 'on', true);
    ELSIF coalesce(current_setting('orders.moved', true), '') = '' THEN
        PERFORM set_config('orders.moved', 'off', true);
    END IF;
    RETURN NULL;
END $$;
