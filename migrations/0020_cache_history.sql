-- A database that was restored, cloned or failed over isn't the one that the entries were made from, even where it stands at the same
-- address and holds the same epoch: then the epoch moves, and nothing older is served.

-- Which history this is: the cluster, its timeline (a promotion or a recovery to a point in time begins another one), the database.
CREATE FUNCTION database_history() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    cluster text;
    timeline text;
    own text := (SELECT d.oid::text FROM pg_database d WHERE d.datname = current_database());
BEGIN
    BEGIN
        cluster := (SELECT s.system_identifier::text FROM pg_control_system() AS s);
        timeline := left(pg_walfile_name(pg_current_wal_lsn()), 8);
    EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_function THEN
        -- Some managed servers keep these to themselves: what is left still tells a clone from its original.
        NULL;
    END;
    RETURN concat_ws('/', coalesce(cluster, '-'), coalesce(timeline, '-'), own);
END $$;

ALTER TABLE cache_state ADD COLUMN history text;

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
        UPDATE cache_state s SET cache = p_cache, run_id = p_run_id, history = present, epoch = coalesce(new_epoch, s.epoch);
    END IF;
    outcome := 'ok';
    epoch := coalesce(new_epoch, state.epoch)::text;
    RETURN NEXT;
END $$;
