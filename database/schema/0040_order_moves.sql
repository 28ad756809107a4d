-- What is announced of an order, its numbers, its stock and its words follow some of its columns. A
-- note of whether one of these has changed spares the triggers of a statement the look at the rows
-- of all other updates.
\i code/orders/note_move.sql

CREATE TRIGGER note_move AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION order_note_move();
ALTER TABLE orders ENABLE ALWAYS TRIGGER note_move;
