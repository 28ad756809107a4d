-- Carts are in Postgres, with the cache in front: they survive a Redis that is away or empty.
-- Neither table names its organisation or customer as a key of another table: a cart is judged when
-- it is ordered, and ends by itself.

CREATE TABLE checkout_sessions (
    organization_id uuid NOT NULL,
    -- The caller: another one's same id is another cart.
    principal text NOT NULL,
    checkout_id uuid NOT NULL,
    -- The order that is wanted, as order_create takes it.
    request jsonb NOT NULL,
    -- The order that it became.
    order_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, principal, checkout_id)
);
CREATE INDEX checkout_sessions_expired ON checkout_sessions (expires_at);

-- The last good cart that a user-service gave of each user. It is read only while that service is
-- away, by the statement that puts it into a checkout session, so it is never cached.
CREATE TABLE user_carts (
    organization_id uuid NOT NULL,
    user_id uuid NOT NULL,
    -- As checkout_sessions.request.
    request jsonb NOT NULL,
    given_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX user_carts_expired ON user_carts (expires_at);

\i code/checkout/tag.sql
\i code/cache/announce_checkout_sessions.sql

CREATE TRIGGER announce_insert AFTER INSERT ON checkout_sessions
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_checkout_sessions();
CREATE TRIGGER announce_update AFTER UPDATE ON checkout_sessions
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_checkout_sessions();
CREATE TRIGGER announce_delete AFTER DELETE ON checkout_sessions
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_checkout_sessions();
CREATE TRIGGER announce_truncate AFTER TRUNCATE ON checkout_sessions
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
ALTER TABLE checkout_sessions ENABLE ALWAYS TRIGGER announce_insert,
    ENABLE ALWAYS TRIGGER announce_update, ENABLE ALWAYS TRIGGER announce_delete,
    ENABLE ALWAYS TRIGGER announce_truncate;
