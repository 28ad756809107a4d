-- Events, each once, and what they come to. First run sql/outbox.sql of the crate cache-spin, which
-- brings announced_tags. `SELECT cache_attach(...)` lets a table announce its changes to a cache.
CREATE TABLE IF NOT EXISTS webhook_events (
    id text PRIMARY KEY,
    body jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS webhook_totals (kind text PRIMARY KEY, events bigint NOT NULL);

-- Records an event, and does what it says: both or neither. An event that is known does nothing.
--   is_new: whether it was new. xid, tags: for the cache.
CREATE OR REPLACE FUNCTION webhook_take_in(p_id text, p_body text)
RETURNS TABLE (is_new boolean, xid text, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    -- A second delivery at the same time waits here for the first one's commit.
    INSERT INTO webhook_events (id, body) VALUES (p_id, p_body::jsonb) ON CONFLICT (id) DO NOTHING;
    is_new := FOUND;
    IF is_new THEN
        -- The event's effect: put your own here.
        INSERT INTO webhook_totals AS t (kind, events)
        VALUES (coalesce(p_body::jsonb ->> 'type', 'unknown'), 1)
        ON CONFLICT (kind) DO UPDATE SET events = t.events + 1;
    END IF;
    RETURN QUERY SELECT is_new, pg_current_xact_id_if_assigned()::text, announced_tags();
END $$;
