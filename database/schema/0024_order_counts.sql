-- Orders by the number: how many live orders an organisation has, and their sum, for each currency,
-- status and payment status. Statistics and totals read these in place of the orders.
--
-- A change of orders adds rows of differences, so no writer waits for another. A reader adds both
-- up. Now and then a writer folds the differences into the counts.

CREATE TABLE order_counts (
    organization_id uuid NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    payment_status text NOT NULL,
    orders bigint NOT NULL,
    amount numeric(24, 3) NOT NULL,
    PRIMARY KEY (organization_id, currency, status, payment_status)
) WITH (fillfactor = 70);

CREATE TABLE order_count_changes (
    organization_id uuid NOT NULL,
    -- The transaction that has written it.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    currency text NOT NULL,
    status text NOT NULL,
    payment_status text NOT NULL,
    orders bigint NOT NULL,
    amount numeric(24, 3) NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE INDEX order_count_changes_xid ON order_count_changes (organization_id, xid);

-- Where a reader of an organisation's differences begins: all of older transactions are folded. It
-- saves the way over folded rows that an old snapshot still holds, and decides about nothing.
CREATE TABLE order_count_bounds (
    organization_id uuid PRIMARY KEY,
    xid xid8 NOT NULL
) WITH (fillfactor = 70);

-- One row: when the counts were last built from the orders, and the sign of the triggers that have
-- kept them since. While the sign is another one, orders are counted one by one.
CREATE TABLE order_counts_built (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    sign text,
    built_at timestamptz NOT NULL DEFAULT now()
);

\i code/counts/fold.sql
\i code/counts/count_orders.sql

CREATE TRIGGER count_insert AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_orders();
CREATE TRIGGER count_update AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_orders();
CREATE TRIGGER count_delete AFTER DELETE ON orders REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_orders();
CREATE TRIGGER count_truncate AFTER TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION count_orders();
ALTER TABLE orders ENABLE ALWAYS TRIGGER count_insert, ENABLE ALWAYS TRIGGER count_update,
    ENABLE ALWAYS TRIGGER count_delete, ENABLE ALWAYS TRIGGER count_truncate;

\i code/counts/sign.sql
\i code/counts/rebuild.sql

-- Orders that were there before. Nobody writes any until this file is committed: the triggers hold
-- the table's lock.
SELECT order_counts_rebuild();
