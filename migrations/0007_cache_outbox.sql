-- What the cache has to forget, and which cache that is.

-- One row per statement that changed orders, written by triggers in the same transaction. Whoever has applied a row deletes it.
CREATE TABLE cache_invalidations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- '*' stands for everything.
    tags text[] NOT NULL CHECK (cardinality(tags) > 0),
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE INDEX cache_invalidations_xid ON cache_invalidations (xid);

-- One row: the one cache (Redis address and key prefix) that this database serves, which run of it was last seen, and the epoch
-- that its entries must carry.
CREATE TABLE cache_state (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    cache text,
    run_id text,
    epoch uuid NOT NULL DEFAULT gen_random_uuid()
);

INSERT INTO cache_state DEFAULT VALUES;

-- What must be applied before a certificate may be given, and the epoch to give it for. One renewal at a time.
--   p_cache: the caller's Redis address and key prefix. p_run_id: the run id that this Redis has now.
--   outcome: ok, or mismatch where the database serves another cache (then the rest is empty).
--   ids, tags: the outbox rows that were read and what they say. After applying, delete exactly these ids.
--   More than 1,000 rows, or one that says everything: the epoch moves in their place and ids is empty.
CREATE FUNCTION cache_renew(p_cache text, p_run_id text)
RETURNS TABLE (outcome text, epoch text, ids bigint[], tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    state cache_state;
    new_epoch uuid;
BEGIN
    SELECT * INTO STRICT state FROM cache_state FOR NO KEY UPDATE;
    IF state.cache <> p_cache THEN
        RETURN QUERY SELECT 'mismatch', NULL::text, '{}'::bigint[], '{}'::text[];
        RETURN;
    END IF;
    IF state.run_id IS DISTINCT FROM p_run_id THEN
        new_epoch := gen_random_uuid();
    END IF;

    -- A new statement, so a new snapshot: all that was committed before the lock was had.
    SELECT coalesce(array_agg(r.id), '{}') INTO ids
    FROM (SELECT i.id FROM cache_invalidations i ORDER BY i.id LIMIT 1001) r;
    SELECT coalesce(array_agg(DISTINCT tag), '{}') INTO tags
    FROM cache_invalidations i, unnest(i.tags) AS tag WHERE i.id = ANY (ids);
    IF cardinality(ids) > 1000 OR '*' = ANY (tags) THEN
        new_epoch := gen_random_uuid();
        DELETE FROM cache_invalidations i WHERE i.id = ANY (ids);
        ids := '{}';
        tags := '{}';
    END IF;

    IF new_epoch IS NOT NULL OR state.cache IS NULL THEN
        UPDATE cache_state s SET cache = p_cache, run_id = p_run_id, epoch = coalesce(new_epoch, s.epoch);
    END IF;
    outcome := 'ok';
    epoch := coalesce(new_epoch, state.epoch)::text;
    RETURN NEXT;
END $$;
