-- The outbox, which cache-spin needs in a database. Run it by a migration, or by
--   psql -1 -v ON_ERROR_STOP=1 -f outbox.sql
-- A second run changes nothing. Postgres 14 or newer.
--
-- Everything is made in the first schema of the search path. The role that the app connects as
-- needs that schema on its search path, and the right to read and write both tables.

-- One row per statement that changed cached data. Triggers write it in the statement's own
-- transaction; the cache deletes it after it has applied the row.
CREATE TABLE IF NOT EXISTS cache_invalidations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- '*' stands for everything.
    tags text[] NOT NULL CHECK (cardinality(tags) > 0),
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE INDEX IF NOT EXISTS cache_invalidations_xid ON cache_invalidations (xid);

-- One row: the one cache (Redis address and key prefix) that this database serves, and the epoch of
-- valid entries. Beside them the run of Redis and the history of the database, as last seen.
CREATE TABLE IF NOT EXISTS cache_state (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    cache text,
    run_id text,
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    history text
);

-- What a renewal compares with the record that Redis keeps beside the certificate: the cache that
-- was served last, and the serial that was seen last. Outbox rows of transactions before `swept`
-- have been deleted.
ALTER TABLE cache_state ADD COLUMN IF NOT EXISTS served text, ADD COLUMN IF NOT EXISTS serial text,
    ADD COLUMN IF NOT EXISTS swept xid8 NOT NULL DEFAULT '0';
-- Since when the run is the named one, how often it has changed, when lately, and until when no
-- certificate is given, and why.
ALTER TABLE cache_state ADD COLUMN IF NOT EXISTS named_at timestamptz, ADD COLUMN IF NOT EXISTS runs bigint NOT NULL
    DEFAULT 0, ADD COLUMN IF NOT EXISTS changes timestamptz[] NOT NULL DEFAULT '{}', ADD COLUMN IF NOT EXISTS off_until
    timestamptz, ADD COLUMN IF NOT EXISTS off_reason text;
-- The server of the database that is known to give the certificates, and how often it has changed.
ALTER TABLE cache_state ADD COLUMN IF NOT EXISTS server text, ADD COLUMN IF NOT EXISTS servers bigint NOT NULL DEFAULT 0;

-- Since when changes of many rows are announced by their tenants. NULL, as here: by '*'.
ALTER TABLE cache_state ADD COLUMN IF NOT EXISTS tenants_since timestamptz;

INSERT INTO cache_state DEFAULT VALUES ON CONFLICT DO NOTHING;

-- From this many rows on, saying everything costs less than naming them.
CREATE OR REPLACE FUNCTION announced_rows() RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 200;

-- The tags that this transaction's triggers have written so far, for its writer to apply.
CREATE OR REPLACE FUNCTION announced_tags() RETURNS text[] LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(array_agg(DISTINCT tag), '{}')
    FROM cache_invalidations i, unnest(i.tags) AS tag WHERE i.xid = pg_current_xact_id();
END;

-- Which history this is: the cluster, its timeline (a promotion or a recovery to a point in time
-- begins another one), the database.
CREATE OR REPLACE FUNCTION database_history() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    cluster text;
    timeline text;
    own text := (SELECT d.oid::text FROM pg_database d WHERE d.datname = current_database());
BEGIN
    BEGIN
        cluster := (SELECT s.system_identifier::text FROM pg_control_system() AS s);
        timeline := left(pg_walfile_name(pg_current_wal_lsn()), 8);
    EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_function THEN
        -- Some managed servers keep these to themselves: the rest still tells a clone from its
        -- original.
        NULL;
    END;
    RETURN concat_ws('/', coalesce(cluster, '-'), coalesce(timeline, '-'), own);
END $$;

-- When this Postgres was started, and when it last recovered from the crash of a process: after
-- either, what was committed last may be gone (synchronous_commit = off), or the data may be that
-- of an earlier day (a volume put back). A crash of a process leaves the start time as it is and
-- resets the statistics.
CREATE OR REPLACE FUNCTION cache_server() RETURNS text LANGUAGE sql STABLE
RETURN concat_ws('/', extract(epoch FROM pg_postmaster_start_time()),
    -- Before version 15 the question would wait for the statistics' collector.
    CASE WHEN current_setting('server_version_num')::integer >= 150000
        THEN extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()) END);

-- The triggers that must fire for every change: the four of each announcing function. A table that
-- is dropped leaves its function: drop it, too, since its triggers count as missing.
CREATE OR REPLACE FUNCTION cache_announcers() RETURNS TABLE (relation text, name text) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY SELECT coalesce((SELECT t.tgrelid::regclass::text FROM pg_trigger t WHERE t.tgfoid = p.oid LIMIT 1),
        format('%I.%I', p.pronamespace::regnamespace, p.proname)), 'cache_announce_' || n.operation
    FROM pg_proc p, unnest('{insert,update,delete,truncate}'::text[]) AS n(operation)
    WHERE p.proname LIKE 'cache\_announce\_%' AND p.prorettype = 'trigger'::regtype;
END $$;

-- The tables and triggers that announce, as they are now. Always one row.
--   signs: a hash that changes when one of them is made anew, rewritten, altered, or switched off
--     and on again. xmin is that of a trigger's catalog row, so a moment without it shows, too.
--   missing: the triggers that aren't there or aren't ALWAYS, by name; NULL if all is well. Changes
--     can go unannounced then.
-- In plpgsql, since a session keeps its plans: every renewal runs this.
CREATE OR REPLACE FUNCTION cache_signs() RETURNS TABLE (signs text, missing text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT coalesce(md5(string_agg(concat_ws('/', c.oid, c.relfilenode, t.oid, t.tgenabled, t.xmin),
            ' ' ORDER BY a.relation, a.name)), '-'),
        string_agg(a.relation || '.' || a.name, ', ' ORDER BY a.relation, a.name)
            FILTER (WHERE t.tgenabled IS DISTINCT FROM 'A')
    INTO signs, missing
    FROM cache_announcers() a
    LEFT JOIN pg_class c ON c.oid = to_regclass(a.relation)
    LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = a.name::name;
    RETURN NEXT;
END $$;

-- Whether this role is sure to see every announcement. A renewal that finds it false gives no
-- certificate.
CREATE OR REPLACE FUNCTION cache_may_certify() RETURNS boolean LANGUAGE sql STABLE
RETURN current_setting('transaction_isolation') = 'read committed'
    AND NOT row_security_active('cache_invalidations'::regclass::oid);

-- The advisory lock that writers share to their commit. A renewal takes it alone to name another
-- run or another cache.
CREATE OR REPLACE FUNCTION cache_lock() RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN 7226435036891012981;

-- Ends this database's sessions of the app, since the server is an old primary: the next ones may
-- come to its successor. Those that are idle end at once, and this one as soon as it is.
CREATE OR REPLACE FUNCTION cache_leave() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('idle_session_timeout', '1ms', false);
    PERFORM pg_terminate_backend(a.pid) FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.usename = current_user
        AND a.application_name = current_setting('application_name')
        AND a.state = 'idle' AND a.pid <> pg_backend_pid();
END $$;

-- The older versions had fewer parameters and gave less.
DROP FUNCTION IF EXISTS cache_renew(text, text);
DROP FUNCTION IF EXISTS cache_renew(text, text, text, text);

-- The tenants that waiting outbox rows are about. NULL: tags here name none, so tenants_since stays
-- NULL, too.
CREATE OR REPLACE FUNCTION cache_waiting_tenants(p_bound pg_snapshot) RETURNS text[]
LANGUAGE sql STABLE RETURN NULL::text[];

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

-- The run of Redis that this transaction's writer must tell. It is called in the statement that
-- writes, so the lock is held to the commit: until then no renewal names another run. The lock
-- comes first. What a later statement reads is then so at the commit, too, provided that each
-- statement has a snapshot of its own.
--   p_cache: the caller's Redis address and key prefix.
--   run: the named run. Empty if none was ever named, so that no certificate was ever given. NULL
--     if none can be relied on: another cache is served, or statements share a snapshot.
--   named_ms: for how many milliseconds it has been the named one, and this server been known to
--     give it certificates. 0 if it isn't.
CREATE OR REPLACE FUNCTION cache_written(p_cache text)
RETURNS TABLE (run text, named_ms bigint) LANGUAGE plpgsql ROWS 1 AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(cache_lock());
    SELECT CASE
            WHEN current_setting('transaction_isolation') <> 'read committed' THEN NULL
            WHEN s.run_id IS NULL THEN ''
            WHEN s.cache = p_cache AND s.served = p_cache THEN s.run_id
        END,
        CASE WHEN s.server = cache_server()
            THEN (extract(epoch FROM clock_timestamp() - s.named_at) * 1000)::bigint
            WHEN s.run_id IS NOT NULL THEN 0
        END
    INTO run, named_ms FROM cache_state s;
    RETURN NEXT;
END $$;

-- Deletes outbox rows that have been applied.
--   p_ids: their ids, as cache_renew gave them.
CREATE OR REPLACE FUNCTION cache_forget(p_ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM cache_invalidations i WHERE i.id = ANY (p_ids);
END $$;

-- Deletes the outbox rows of transactions that their writers have applied. A row that says more
-- than its transaction's applied tags stays. All rows stay if the database serves another cache, or
-- a renewal has last seen another cache or another run of Redis, than the one that was told.
--   p_transactions, p_tags: each applied tag, with its transaction: the server that it was
--     committed in, as cache_server names it, and its xid. In another server that number is another
--     transaction's.
--   p_cache: the caller's Redis address and key prefix.
--   p_run_id: the run id of the Redis that was told.
CREATE OR REPLACE FUNCTION cache_forget_transactions(
    p_transactions text[], p_tags text[], p_cache text, p_run_id text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    here text := cache_server() || ' ';
BEGIN
    DELETE FROM cache_invalidations i
    WHERE i.xid = ANY (ARRAY(SELECT replace(t, here, '')::xid8 FROM unnest(p_transactions) AS t
            WHERE starts_with(t, here)))
        AND i.tags <@ ARRAY(SELECT a.tag FROM unnest(p_transactions, p_tags) AS a (transaction, tag)
            WHERE a.transaction = here || i.xid)
        AND EXISTS (SELECT FROM cache_state s WHERE s.cache = p_cache
            AND s.served = p_cache AND s.run_id = p_run_id);
END $$;

-- Runs one INSERT, UPDATE, DELETE or MERGE, and says what its triggers announced, in one round
-- trip. The triggers run at the end of the statement, so the statement itself can't see their rows;
-- the next one in this function can. At least one row is answered, without a body if nothing
-- changed.
--   p_statement: the statement, with RETURNING; it has its parameters as $1 to $16, each as text.
--   p_params: the parameters.
--   body: a returned row as JSON.
CREATE OR REPLACE FUNCTION cache_write(p_statement text, p_params text[])
RETURNS TABLE (body text, xid text, tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    bodies text[];
BEGIN
    IF cardinality(p_params) > 16 THEN
        RAISE EXCEPTION 'cache_write takes up to 16 parameters, not %', cardinality(p_params);
    END IF;
    EXECUTE format('WITH changed AS (%s) SELECT array_agg(to_jsonb(changed)::text) FROM changed', p_statement)
    INTO bodies
    USING p_params[1], p_params[2], p_params[3], p_params[4], p_params[5], p_params[6], p_params[7], p_params[8],
        p_params[9], p_params[10], p_params[11], p_params[12], p_params[13], p_params[14], p_params[15], p_params[16];
    RETURN QUERY SELECT b.body, pg_current_xact_id_if_assigned()::text, announced_tags()
    FROM (SELECT) AS one LEFT JOIN unnest(bodies) AS b(body) ON true;
END $$;

-- It runs any statement with its caller's rights. So no role may call it unasked, such as one that
-- a gateway of functions lends to the public.
REVOKE ALL ON FUNCTION cache_write(text, text[]) FROM PUBLIC;

-- Lets a table announce every change: its triggers write the tags of old and new rows into the
-- outbox, whichever program makes the change. A row that moves announces both of its places. A
-- statement that changes more than announced_rows() rows, and TRUNCATE, announce everything.
--
--   SELECT cache_attach('items', ARRAY[$t$'list:' || list_id$t$]);
--
-- A call with the same tags changes nothing; one with others replaces them, and announces
-- everything.
--   p_table: an ordinary table of the caller's.
--   p_tags: SQL expressions over a row, each a tag. NULL is no tag. Names of functions in it are
--     looked up in the table's schema and in that of the outbox.
CREATE OR REPLACE FUNCTION cache_attach(p_table regclass, p_tags text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    announcer regprocedure;
    home text; -- the table's schema
    outbox text; -- the schema of the outbox
    called text; -- the announcing function
    tags text; -- one text[] of a row
    body text;
BEGIN
    SELECT n.nspname, 'cache_announce_' || CASE WHEN octet_length(c.relname) > 48 THEN md5(c.relname) ELSE c.relname END
    INTO home, called
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = p_table AND c.relkind = 'r'
        AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid OR i.inhparent = c.oid);
    IF home IS NULL THEN
        -- A statement on a parent doesn't fire the statement triggers of its children, nor the
        -- other way.
        RAISE EXCEPTION '% is a view, partitioned, or part of an inheritance tree: its changes would be missed', p_table
            USING ERRCODE = 'wrong_object_type';
    END IF;
    IF coalesce(cardinality(p_tags), 0) = 0 OR array_position(p_tags, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'a table without tags announces nothing' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    outbox := (SELECT c.relnamespace::regnamespace::text FROM pg_class c WHERE c.oid = 'cache_invalidations'::regclass);
    tags := (SELECT string_agg(format('(%s)::text', tag), ', ') FROM unnest(p_tags) AS tag);
    body := format($body$
#variable_conflict use_column
DECLARE
    changed bigint;
    announced text[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        announced := '{*}';
    ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO changed FROM old_rows;
        IF changed BETWEEN 1 AND %1$s.announced_rows() THEN
            SELECT array_agg(DISTINCT said.tag) INTO announced
            FROM (SELECT unnest(ARRAY[%2$s]) AS tag FROM old_rows) AS said WHERE said.tag IS NOT NULL;
        END IF;
    ELSE
        SELECT count(*) INTO changed FROM new_rows;
        IF changed BETWEEN 1 AND %1$s.announced_rows() THEN
            IF TG_OP = 'INSERT' THEN
                SELECT array_agg(DISTINCT said.tag) INTO announced
                FROM (SELECT unnest(ARRAY[%2$s]) AS tag FROM new_rows) AS said WHERE said.tag IS NOT NULL;
            ELSE
                SELECT array_agg(DISTINCT said.tag) INTO announced
                FROM (SELECT unnest(ARRAY[%2$s]) AS tag FROM old_rows
                    UNION ALL SELECT unnest(ARRAY[%2$s]) FROM new_rows) AS said WHERE said.tag IS NOT NULL;
            END IF;
        END IF;
    END IF;
    IF changed > %1$s.announced_rows() THEN
        announced := '{*}';
    END IF;
    IF announced IS NOT NULL THEN
        INSERT INTO %1$s.cache_invalidations (tags) VALUES (announced);
    END IF;
    RETURN NULL;
END $body$, outbox, tags);

    announcer := to_regprocedure(format('%I.%I()', home, called));
    IF body = (SELECT p.prosrc FROM pg_proc p WHERE p.oid = announcer) AND 4 = (SELECT count(*) FROM pg_trigger t
        WHERE t.tgrelid = p_table AND t.tgfoid = announcer AND t.tgenabled = 'A') THEN
        RETURN;
    END IF;
    -- A mistake in an expression is found here, not by the first writer.
    EXECUTE format('SELECT ARRAY[%s] FROM %s LIMIT 0', tags, p_table);
    -- By its owner's rights: a role that may change the table needs none on the outbox. pg_temp
    -- last: nobody's temporary table stands in for anything.
    EXECUTE format('CREATE OR REPLACE FUNCTION %I.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = %I, %s, pg_temp AS %L', home, called, home, outbox, body);
    EXECUTE format('CREATE OR REPLACE TRIGGER cache_announce_insert AFTER INSERT ON %1$s
            REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %2$I.%3$I();
        CREATE OR REPLACE TRIGGER cache_announce_update AFTER UPDATE ON %1$s
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION %2$I.%3$I();
        CREATE OR REPLACE TRIGGER cache_announce_delete AFTER DELETE ON %1$s
            REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION %2$I.%3$I();
        CREATE OR REPLACE TRIGGER cache_announce_truncate AFTER TRUNCATE ON %1$s
            FOR EACH STATEMENT EXECUTE FUNCTION %2$I.%3$I();
        -- Also while session_replication_role is replica: in bulk loads and restores.
        ALTER TABLE %1$s ENABLE ALWAYS TRIGGER cache_announce_insert,
            ENABLE ALWAYS TRIGGER cache_announce_update, ENABLE ALWAYS TRIGGER cache_announce_delete,
            ENABLE ALWAYS TRIGGER cache_announce_truncate', p_table, home, called);
    -- Entries from before depend on other tags.
    INSERT INTO cache_invalidations (tags) VALUES ('{*}');
END $$;

-- Lets a table announce nothing any more. The cache must not hold entries made of it from then on.
--   p_table: a table that cache_attach was called for.
CREATE OR REPLACE FUNCTION cache_detach(p_table regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    announcer regprocedure;
BEGIN
    SELECT t.tgfoid::regprocedure INTO announcer FROM pg_trigger t
    WHERE t.tgrelid = p_table AND t.tgname = 'cache_announce_insert';
    IF announcer IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('DROP TRIGGER IF EXISTS cache_announce_insert ON %1$s;
        DROP TRIGGER IF EXISTS cache_announce_update ON %1$s;
        DROP TRIGGER IF EXISTS cache_announce_delete ON %1$s;
        DROP TRIGGER IF EXISTS cache_announce_truncate ON %1$s;
        DROP FUNCTION %2$s', p_table, announcer);
    INSERT INTO cache_invalidations (tags) VALUES ('{*}');
END $$;
