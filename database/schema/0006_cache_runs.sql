-- Which run of Redis is the named one, and since when: a writer relies on it, see
-- code/cache/written.sql and code/cache/renew.sql.
ALTER TABLE cache_state
    -- When run_id or served last changed.
    ADD COLUMN named_at timestamptz,
    -- How often run_id has changed.
    ADD COLUMN runs bigint NOT NULL DEFAULT 0,
    -- When it changed within the last ten seconds.
    ADD COLUMN changes timestamptz[] NOT NULL DEFAULT '{}',
    -- No certificate is given until then: the runs alternate, or writers were still at work.
    ADD COLUMN off_until timestamptz,
    ADD COLUMN off_reason text;
UPDATE cache_state SET named_at = clock_timestamp() WHERE run_id IS NOT NULL;
