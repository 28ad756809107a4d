-- Adds one to orders.version, once per transaction that changes an order or anything that is shown
-- with it, whichever program changes it.
CREATE OR REPLACE FUNCTION bump_order_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A row that this transaction has written before was bumped then, or is new. (Under a
    -- savepoint xmin is the savepoint's: one bump more, which does no harm.)
    IF OLD.xmin = pg_current_xact_id()::xid THEN
        NEW.version := OLD.version;
    ELSE
        NEW.version := OLD.version + 1;
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END $$;
