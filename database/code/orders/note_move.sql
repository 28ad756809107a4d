-- Notes, for the triggers of the statement, that an UPDATE of orders has changed a column by which
-- orders are listed, counted, settled or found. Its trigger's WHEN says which these are. Most
-- updates, such as another note, change none of them, and the look that a statement's trigger takes
-- at its rows costs more than what it then does.
--
-- The note is a setting of the transaction, orders.moved, and stays until that ends: a later
-- statement may find it, and then looks at its rows for nothing. Row triggers fire before those of
-- their statement.
CREATE OR REPLACE FUNCTION order_note_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('orders.moved', 'on', true);
    RETURN NULL;
END $$;
