-- Customers are shown, and changed over HTTP; shipments are made and moved over HTTP.

ALTER TABLE customers
    -- Grows by one with every change.
    ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    -- NULL: the customer was never changed.
    ADD COLUMN updated_at timestamptz;

-- Customers from the newest, and by the beginning of their e-mail address.
CREATE INDEX customers_newest ON customers (organization_id, created_at, id);
CREATE INDEX customers_by_email ON customers (organization_id, (lower(email) COLLATE "C"), id);

\i code/customers/bump_customer_version.sql

CREATE TRIGGER bump_version BEFORE UPDATE ON customers
    FOR EACH ROW EXECUTE FUNCTION bump_customer_version();
ALTER TABLE customers ENABLE ALWAYS TRIGGER bump_version;

\i code/cache/announce_customer_profiles.sql

CREATE TRIGGER announce_profile_update AFTER UPDATE ON customers
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_customer_profiles();
CREATE TRIGGER announce_profile_delete AFTER DELETE ON customers REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_customer_profiles();
ALTER TABLE customers ENABLE ALWAYS TRIGGER announce_profile_update,
    ENABLE ALWAYS TRIGGER announce_profile_delete;

\i code/cache/await_customers.sql

-- Elsewhere the foreign key does the same.
CREATE TRIGGER await_customers AFTER INSERT OR UPDATE OF customer_id ON orders FOR EACH ROW
    WHEN (current_setting('session_replication_role') = 'replica')
    EXECUTE FUNCTION await_customers();
ALTER TABLE orders ENABLE ALWAYS TRIGGER await_customers;

-- A carrier's number is one parcel's within an organisation. Over all organisations one could take
-- another's number, and learn of it.
ALTER TABLE shipments
    DROP CONSTRAINT shipments_carrier_tracking_number_key,
    ADD CONSTRAINT shipments_tracking_number
        UNIQUE (organization_id, carrier, tracking_number);
