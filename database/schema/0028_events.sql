-- The feed of changes: every change of an order, a payment, a product or a level of stock becomes
-- an event, whichever program makes it.
--
-- A writer adds events without a position, so no writer waits for another. A sequencer gives
-- positions to those that are committed, one sequencer at a time. So a reader that has seen a
-- position has seen all before it, however late a transaction commits.

-- Events without a position. Rows are only added and deleted.
CREATE TABLE events_waiting (
    -- In the order of the changes of each subject, since its row is locked from the change to the
    -- commit.
    number bigint GENERATED ALWAYS AS IDENTITY,
    -- The transaction that has written it.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    organization_id uuid NOT NULL,
    type text NOT NULL,
    -- NULL: many of the organisation.
    subject text,
    -- NULL: the subject has none.
    version bigint,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE INDEX events_waiting_xid ON events_waiting (xid);

CREATE TABLE events (
    position bigint PRIMARY KEY,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    type text NOT NULL,
    subject text,
    version bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    sequenced_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX events_of_organization ON events (organization_id, position);

-- How far the sequencer is: the newest row counts. Each run that gives positions adds one and
-- deletes the one before. An update in place would leave all versions of one row to be read, for as
-- long as an old snapshot holds them.
CREATE TABLE event_batches (
    number bigint PRIMARY KEY,
    -- The last position that was given.
    position bigint NOT NULL,
    -- The first position that is kept.
    oldest bigint NOT NULL,
    -- Events of transactions that this snapshot shows have their positions. It saves the way over
    -- deleted rows that an old snapshot still holds. It counts on this history only.
    bound pg_snapshot NOT NULL,
    history text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);

INSERT INTO event_batches (number, position, oldest, bound, history) VALUES (1, 0, 1, '1:1:', '');

\i code/events/named_rows.sql
\i code/events/note.sql

CREATE TRIGGER event_insert AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('order');
CREATE TRIGGER event_update AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('order');
CREATE TRIGGER event_delete AFTER DELETE ON orders REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('order');
CREATE TRIGGER event_truncate AFTER TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('order');
ALTER TABLE orders ENABLE ALWAYS TRIGGER event_insert, ENABLE ALWAYS TRIGGER event_update,
    ENABLE ALWAYS TRIGGER event_delete, ENABLE ALWAYS TRIGGER event_truncate;

CREATE TRIGGER event_insert AFTER INSERT ON payments REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('payment');
CREATE TRIGGER event_update AFTER UPDATE ON payments
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('payment');
CREATE TRIGGER event_delete AFTER DELETE ON payments REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('payment');
CREATE TRIGGER event_truncate AFTER TRUNCATE ON payments
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('payment');
ALTER TABLE payments ENABLE ALWAYS TRIGGER event_insert, ENABLE ALWAYS TRIGGER event_update,
    ENABLE ALWAYS TRIGGER event_delete, ENABLE ALWAYS TRIGGER event_truncate;

CREATE TRIGGER event_insert AFTER INSERT ON products REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('product');
CREATE TRIGGER event_update AFTER UPDATE ON products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('product');
CREATE TRIGGER event_delete AFTER DELETE ON products REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('product');
CREATE TRIGGER event_truncate AFTER TRUNCATE ON products
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('product');
ALTER TABLE products ENABLE ALWAYS TRIGGER event_insert, ENABLE ALWAYS TRIGGER event_update,
    ENABLE ALWAYS TRIGGER event_delete, ENABLE ALWAYS TRIGGER event_truncate;

CREATE TRIGGER event_insert AFTER INSERT ON stock_levels REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('stock');
CREATE TRIGGER event_update AFTER UPDATE ON stock_levels
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('stock');
CREATE TRIGGER event_delete AFTER DELETE ON stock_levels REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('stock');
CREATE TRIGGER event_truncate AFTER TRUNCATE ON stock_levels
    FOR EACH STATEMENT EXECUTE FUNCTION event_note('stock');
ALTER TABLE stock_levels ENABLE ALWAYS TRIGGER event_insert, ENABLE ALWAYS TRIGGER event_update,
    ENABLE ALWAYS TRIGGER event_delete, ENABLE ALWAYS TRIGGER event_truncate;
