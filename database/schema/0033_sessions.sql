-- Sessions of a shop's users: what a shop keeps of a visit between two requests. They are in
-- Postgres, with the cache in front, as carts are.

CREATE TABLE user_sessions (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    -- The caller that made it: role, customer and subject of its token.
    principal text NOT NULL,
    -- As it was sent, byte for byte.
    data json NOT NULL
        CHECK (json_typeof(data) = 'object' AND octet_length(data::text) <= 8192),
    -- It ends so long after it was last used.
    valid_seconds bigint NOT NULL CHECK (valid_seconds > 0),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- A use moves it, but not each: see user_session_step.
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX user_sessions_expired ON user_sessions (expires_at);
-- The sessions of one caller, the one that ends first at the beginning.
CREATE INDEX user_sessions_principal ON user_sessions (organization_id, principal, expires_at);

\i code/user_sessions/tag.sql
\i code/user_sessions/bump_user_session_version.sql
\i code/cache/announce_user_sessions.sql

CREATE TRIGGER bump_version BEFORE UPDATE ON user_sessions
    FOR EACH ROW EXECUTE FUNCTION bump_user_session_version();
CREATE TRIGGER announce_update AFTER UPDATE ON user_sessions
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_user_sessions();
CREATE TRIGGER announce_delete AFTER DELETE ON user_sessions
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_user_sessions();
CREATE TRIGGER announce_truncate AFTER TRUNCATE ON user_sessions
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
ALTER TABLE user_sessions
    ENABLE ALWAYS TRIGGER bump_version, ENABLE ALWAYS TRIGGER announce_update,
    ENABLE ALWAYS TRIGGER announce_delete, ENABLE ALWAYS TRIGGER announce_truncate;

-- When a user-service gave the cart that is in a checkout session, if it was away when the cart was
-- taken: then it is the last good one that was kept. NULL: the cart is the caller's own, or fresh.
ALTER TABLE checkout_sessions ADD COLUMN cart_as_of timestamptz;
