-- The outbox rows that must be applied before a certificate may be given, and the epoch to give it
-- for. One renewal at a time. Always one row.
--   p_cache: the caller's Redis address and key prefix. p_run_id: this Redis' present run id.
--   outcome: ok; mismatch (the database serves another cache; the rest is empty).
--   ids: the rows that were read. Delete exactly these once their tags are applied.
--   tags: the tags in them.
-- After more than 1,000 rows, or one that says everything, the epoch moves instead: ids and tags
-- are empty. It also moves for another run of Redis and for another history of the database.
CREATE OR REPLACE FUNCTION cache_renew(p_cache text, p_run_id text)
RETURNS TABLE (outcome text, epoch text, ids bigint[], tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    state cache_state;
    present text := database_history();
    new_epoch uuid;
BEGIN
    SELECT * INTO STRICT state FROM cache_state FOR NO KEY UPDATE;
    IF state.cache <> p_cache THEN
        RETURN QUERY SELECT 'mismatch', NULL::text, '{}'::bigint[], '{}'::text[];
        RETURN;
    END IF;
    IF state.run_id IS DISTINCT FROM p_run_id OR state.history IS DISTINCT FROM present THEN
        new_epoch := gen_random_uuid();
    END IF;

    -- A new statement has a new snapshot: it sees all that was committed before the lock was had.
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
        UPDATE cache_state s SET cache = p_cache, run_id = p_run_id, history = present,
            epoch = coalesce(new_epoch, s.epoch);
    END IF;
    outcome := 'ok';
    epoch := coalesce(new_epoch, state.epoch)::text;
    RETURN NEXT;
END $$;
