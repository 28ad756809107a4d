-- The outbox rows that must be applied before a certificate may be given, and the epoch to give it
-- for. One renewal at a time. Always one row.
--   p_cache: the caller's Redis address and key prefix. p_run_id: this Redis' present run id.
--   p_record: the record of the last certificate, as Redis keeps it; empty if there is none. The
--     last release has no records: it calls with NULL, and only run and history are compared.
--   p_replication: the name of the data that this Redis holds (master_replid).
--   p_coverage: 2 if the caller's entries depend on their tenants, too; the last release's don't.
--   outcome: ok; mismatch (the database serves another cache); unannounced (a trigger is missing,
--     or rows are hidden: a change could go unseen); off (writers are at work that rely on another
--     run; runs or servers have changed more than twice within ten seconds; this is an old primary,
--     whose successor has given certificates; or tenants are named and the caller's entries don't
--     depend on them). The rest is empty unless ok.
--   coverage: 1 if the certificate may cover all entries, 2 if only those that depend on tenants.
--   ids: the rows that were read. Delete exactly these once their tags are applied.
--   tags: the tags in them.
--   record: to be kept beside the certificate, and never without it.
--   reason: why the epoch has moved, NULL if it hasn't; for unannounced and off what is
--     wrong.
-- If anything differs from the record, or there is none, the epoch moves: what Redis holds may be
-- of another history. It also moves after a row that says everything. Then ids and tags are empty.
-- More than 1,000 rows are replaced by the tags of their tenants, or by another epoch if these are
-- too many or can't be told; then ids is empty, and the rows are deleted in batches.
--
-- The record holds, parted by blanks: the server, which is when Postgres was started; the history;
-- the signs; the cache; the run; the replication; the previous serial, the current one, and when
-- that was drawn; the epoch; the snapshot that the outbox was read in. Rows that this snapshot
-- shows have been applied, so the next renewal reads only rows of later transactions, by index:
-- dead rows cost nothing. A serial is drawn at most every ten seconds. The same statement notes
-- that the current one has been seen, so a Redis whose memory is put back shows by a pair that
-- doesn't hold it.
CREATE OR REPLACE FUNCTION cache_renew(
    p_cache text, p_run_id text, p_record text DEFAULT NULL, p_replication text DEFAULT '',
    p_coverage integer DEFAULT 1)
RETURNS TABLE (outcome text, epoch text, ids bigint[], tags text[], record text, reason text,
    coverage integer)
-- The outbox is nearly empty, and may be large by dead or waiting rows all the same. So it is read
-- by its indexes, in their order, and no further than is needed.
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off
SET jit = off AS $$
DECLARE
    state cache_state;
    known CONSTANT text[] := string_to_array(p_record, ' ');
    present text[];
    missing text;
    -- Cluster, timeline and database of the record, and of this server.
    lines text[];
    line text[];
    -- Another server, or another run of Redis or another cache, than the last one.
    other_server boolean;
    other_run boolean;
    -- In milliseconds.
    at CONSTANT bigint := extract(epoch FROM clock_timestamp()) * 1000;
    serials text[];
    rotates boolean := false;
    given text;
    bound pg_snapshot;
    seen pg_snapshot;
    swept bigint;
    tenants text[];
    -- Rows were left for a later renewal to delete.
    leaves boolean := false;
BEGIN
    ids := '{}';
    tags := '{}';
    SELECT * INTO STRICT state FROM cache_state FOR NO KEY UPDATE;
    coverage := CASE WHEN state.tenants_since IS NULL THEN 1 ELSE 2 END;
    IF state.cache <> p_cache THEN
        outcome := 'mismatch';
        RETURN NEXT;
        RETURN;
    END IF;
    IF state.off_until > clock_timestamp() OR p_coverage < coverage THEN
        outcome := 'off';
        reason := CASE WHEN p_coverage < coverage
            THEN 'this release does not know tenants, and they are named' ELSE state.off_reason END;
        RETURN NEXT;
        RETURN;
    END IF;
    lines := string_to_array(known[2], '/');
    line := string_to_array(database_history(), '/');
    -- An old primary lacks what its successor has committed.
    IF lines[1] = line[1] AND line[1] <> '-' AND lines[2] > line[2] COLLATE "C" THEN
        PERFORM cache_leave();
        UPDATE cache_state s SET off_until = clock_timestamp() + interval '1 second',
            off_reason = 'a newer primary of this database has given certificates';
        outcome := 'off';
        reason := 'a newer primary of this database has given certificates';
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT ARRAY[cache_server(), array_to_string(line, '/'), s.signs, md5(p_cache), p_run_id,
        coalesce(p_replication, '')], s.missing INTO present, missing FROM cache_signs() s;
    IF missing IS NOT NULL OR NOT cache_may_certify() THEN
        outcome := 'unannounced';
        reason := coalesce(missing, 'something that cache_faults() names');
        RETURN NEXT;
        RETURN;
    END IF;

    reason := CASE
        WHEN state.served IS DISTINCT FROM p_cache THEN 'it served another cache'
        WHEN state.run_id IS DISTINCT FROM p_run_id THEN 'another run of Redis'
        WHEN state.history IS DISTINCT FROM present[2] THEN 'another history of the database'
        WHEN p_record IS NULL THEN NULL
        WHEN cardinality(known) IS DISTINCT FROM 11 THEN 'no record in Redis'
        WHEN known[1] <> present[1] THEN 'Postgres was started again'
        WHEN known[2] <> present[2] THEN 'another history of the database'
        WHEN known[3] <> present[3] THEN 'tables or triggers have changed'
        WHEN known[4] <> present[4] THEN 'keys of another cache'
        WHEN known[5] <> present[5] THEN 'another run of Redis'
        WHEN known[6] <> present[6] THEN 'Redis was filled from another one'
        WHEN state.serial IS NULL OR state.serial <> ALL (known[7:8]) THEN 'Redis was put back'
        WHEN known[10] <> state.epoch::text THEN 'a renewal that moved the epoch did not end'
    END;

    other_run := state.run_id IS DISTINCT FROM p_run_id OR state.served IS DISTINCT FROM p_cache;
    other_server := coalesce(cardinality(known) = 11 AND known[1] <> present[1], false);
    IF other_run OR other_server THEN
        -- Writers that have read the run hold the lock to their commit. One that doesn't end costs
        -- caching, and no write waits longer than this.
        PERFORM set_config('lock_timeout', '100ms', true);
        BEGIN
            IF other_run THEN
                PERFORM pg_advisory_xact_lock(cache_lock());
            END IF;
            IF state.run_id IS NOT NULL THEN
                state.changes := ARRAY(SELECT c FROM unnest(state.changes) AS c
                    WHERE c > clock_timestamp() - interval '10 seconds') || clock_timestamp();
                state.runs := state.runs + other_run::integer;
                state.servers := state.servers + other_server::integer;
            END IF;
            IF cardinality(state.changes) > 2 THEN
                state.off_until := clock_timestamp() + interval '10 seconds';
                state.off_reason := CASE
                    WHEN other_server THEN 'two servers of Postgres answer to one name'
                    ELSE 'two runs of Redis answer to one name' END;
                state.changes := '{}';
            END IF;
        EXCEPTION WHEN lock_not_available THEN
            state.off_until := clock_timestamp() + interval '500 milliseconds';
            state.off_reason := 'writers rely on the run of Redis before this one';
        END;
        IF other_run THEN
            -- Before the first naming there were no certificates that could live on.
            state.named_at := CASE WHEN state.run_id IS NULL THEN 'epoch' ELSE clock_timestamp() END;
        END IF;
        IF state.off_until > clock_timestamp() THEN
            UPDATE cache_state s SET off_until = state.off_until, off_reason = state.off_reason,
                changes = state.changes, runs = state.runs, servers = state.servers;
            outcome := 'off';
            reason := state.off_reason;
            RETURN NEXT;
            RETURN;
        END IF;
    END IF;
    -- A record is written with a certificate. So one of this server shows that certificates of it
    -- have been given, and that no older primary gives any more. Before the first naming there were
    -- none of any server.
    given := state.server;
    IF state.run_id IS NULL THEN
        state.server := present[1];
    ELSIF other_server THEN
        state.server := NULL;
    ELSIF known[1] = present[1] AND state.server IS DISTINCT FROM present[1] THEN
        state.server := present[1];
        state.named_at := clock_timestamp();
    END IF;

    IF reason IS NULL THEN
        IF p_record IS NULL THEN
            bound := '1:1:';
        ELSE
            bound := known[11];
        END IF;
        -- A new statement has a new snapshot: it sees all that was committed before the lock was
        -- had.
        WITH unread AS MATERIALIZED (
            SELECT i.id, i.tags FROM cache_invalidations i
            WHERE i.xid = ANY (ARRAY(SELECT pg_snapshot_xip(bound)))
            UNION ALL
            SELECT i.id, i.tags FROM cache_invalidations i WHERE i.xid >= pg_snapshot_xmax(bound)
            LIMIT 1001
        )
        SELECT pg_current_snapshot(),
            ARRAY(SELECT u.id FROM unread u ORDER BY u.id),
            ARRAY(SELECT DISTINCT tag FROM unread u, unnest(u.tags) AS tag)
        INTO seen, ids, tags;
        IF cardinality(ids) > 1000 AND coverage = 2 THEN
            tenants := cache_waiting_tenants(bound);
        END IF;
        -- While tenants aren't named, a transaction may still have named one that began before.
        IF '*' = ANY (tags) OR (cardinality(ids) > 1000 AND tenants IS NULL)
            OR (coverage = 1 AND EXISTS (SELECT FROM unnest(tags) AS t WHERE t LIKE 'tenant:%'))
        THEN
            reason := CASE WHEN cardinality(ids) > 1000 THEN 'more than 1,000 changes'
                ELSE 'everything has changed' END;
            DELETE FROM cache_invalidations i WHERE i.id = ANY (ids);
            ids := '{}';
            tags := '{}';
        ELSIF tenants IS NOT NULL THEN
            -- The rows stay until the certificate stands: it covers them, and the next renewal
            -- begins to delete them.
            leaves := true;
            ids := '{}';
            tags := ARRAY(SELECT 'tenant:' || t FROM unnest(tenants) AS t) || 'all'::text;
        END IF;
    ELSE
        -- Rows that this snapshot shows are covered by the new epoch.
        SELECT pg_current_snapshot() INTO seen;
    END IF;

    IF p_record IS NOT NULL THEN
        rotates := reason IS NOT NULL
            OR known[9]::bigint NOT BETWEEN at - 9999 AND at;
        serials := CASE
            WHEN NOT rotates THEN known[7:9]
            WHEN cardinality(known) = 11 THEN ARRAY[known[8], gen_random_uuid()::text]
            ELSE ARRAY[gen_random_uuid()::text, gen_random_uuid()::text] END;
        IF rotates THEN
            serials[3] := at;
        END IF;
        IF reason IS NOT NULL OR leaves THEN
            -- The next renewal deletes the rows that this one has covered.
            serials[3] := 0;
        END IF;
    END IF;
    -- Rows that are covered and were not deleted: a renewal or a writer has died, or the epoch has
    -- moved. After a move the next renewal looks again, so this one looks only if it is quick.
    bound := CASE WHEN reason IS NULL THEN bound ELSE seen END;
    IF rotates AND (reason IS NULL OR pg_snapshot_xmin(bound)::text::bigint
        - state.swept::text::bigint < 100000)
    THEN
        DELETE FROM cache_invalidations i WHERE i.id = ANY (ARRAY(
            SELECT c.id FROM cache_invalidations c
            WHERE c.xid >= state.swept AND c.xid < pg_snapshot_xmax(bound)
                AND pg_visible_in_snapshot(c.xid, bound)
            LIMIT 5000 FOR UPDATE SKIP LOCKED));
        GET DIAGNOSTICS swept = ROW_COUNT;
        IF swept < 5000 THEN
            state.swept := pg_snapshot_xmin(bound);
        END IF;
    END IF;
    IF reason IS NOT NULL THEN
        state.epoch := gen_random_uuid();
        IF state.history IS DISTINCT FROM present[2] THEN
            -- Transactions are counted anew.
            state.swept := '0';
        END IF;
    END IF;
    IF reason IS NOT NULL OR rotates OR state.server IS DISTINCT FROM given THEN
        UPDATE cache_state s SET cache = p_cache, served = p_cache, run_id = p_run_id,
            history = present[2], epoch = state.epoch, serial = coalesce(serials[1], s.serial),
            swept = state.swept, named_at = state.named_at, runs = state.runs,
            server = state.server, servers = state.servers, changes = state.changes;
    END IF;
    outcome := 'ok';
    epoch := state.epoch::text;
    record := array_to_string(present || serials || ARRAY[epoch, seen::text], ' ');
    RETURN NEXT;
END $$;
