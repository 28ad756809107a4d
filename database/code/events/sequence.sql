-- Gives positions to events whose transactions are committed, unless another sequencer is at it: up
-- to 5,000, the rest is for the next call. Then forgets events whose time is over, some more than
-- were added, so that the feed grows no longer than it is kept.
--
-- One sequencer commits before the next one looks, so a reader that sees a position sees all before
-- it. Changes of one subject get theirs in their order: a later one is noted after the earlier one
-- is committed. A subject that a transaction changes twice has one event of it.
--   p_keep_seconds: how long events are kept.
--   body: an event that was given a position by this call, in the order of positions.
CREATE OR REPLACE FUNCTION event_sequence(p_keep_seconds bigint)
RETURNS TABLE (body text)
-- The events that wait are few, and may lie among many deleted ones. So they are read by index.
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
DECLARE
    most CONSTANT integer := 5000;
    present CONSTANT text := database_history();
    last event_batches;
    was pg_snapshot;
    seen pg_snapshot;
    taken integer;
    given text[];
    gone bigint;
BEGIN
    -- In other isolations what follows would see no more than what was committed before the lock
    -- was had.
    IF current_setting('transaction_isolation') <> 'read committed'
        OR NOT pg_try_advisory_xact_lock(hashtextextended('events', 0))
    THEN
        RETURN;
    END IF;
    SELECT b.* INTO last FROM event_batches b ORDER BY b.number DESC LIMIT 1;
    -- On another history transactions are counted anew. Rows that have their positions are gone, so
    -- reading all of them costs time alone.
    was := CASE WHEN last.history = present THEN last.bound ELSE '1:1:' END;

    WITH unread AS MATERIALIZED (
        -- A transaction that was under way and still is shows nothing, however much it has written.
        SELECT w.ctid AS place, w.* FROM events_waiting w
        WHERE w.xid = ANY (ARRAY(SELECT x FROM pg_snapshot_xip(was) AS x
            WHERE pg_visible_in_snapshot(x, pg_current_snapshot())))
        UNION ALL
        SELECT w.ctid, w.* FROM events_waiting w WHERE w.xid >= pg_snapshot_xmax(was)
    ), first AS MATERIALIZED (
        SELECT u.* FROM unread u ORDER BY u.number LIMIT most
    ), done AS (
        DELETE FROM events_waiting w WHERE w.ctid = ANY (ARRAY(SELECT f.place FROM first f))
    ), added AS (
        INSERT INTO events AS e (position, organization_id, type, subject, version, occurred_at)
        SELECT coalesce(last.position, 0) + row_number() OVER (ORDER BY o.number),
            o.organization_id, o.type, o.subject, coalesce(o.version, o.number), o.occurred_at
        FROM (
            SELECT DISTINCT ON (f.xid, f.organization_id, f.type, f.subject) f.*
            FROM first f
            ORDER BY f.xid, f.organization_id, f.type, f.subject, f.number DESC
        ) AS o
        RETURNING e.position, event_document(e)::text AS document
    )
    SELECT pg_current_snapshot(), (SELECT count(*) FROM first),
        (SELECT array_agg(a.document ORDER BY a.position) FROM added a)
    INTO seen, taken, given;

    -- An idle feed writes nothing, except that the bound follows transactions of other kinds now
    -- and then.
    IF taken = 0 AND last.history = present
        AND (last.made_at > clock_timestamp() - interval '1 second'
            OR pg_snapshot_xmax(seen) = pg_snapshot_xmax(was))
    THEN
        RETURN;
    END IF;
    SELECT max(o.position) INTO gone FROM (
        SELECT e.position, e.sequenced_at FROM events e WHERE e.position >= last.oldest
        ORDER BY e.position LIMIT 100 + 2 * taken
    ) AS o WHERE o.sequenced_at < now() - make_interval(secs => p_keep_seconds);
    DELETE FROM events e WHERE e.position BETWEEN last.oldest AND gone;
    INSERT INTO event_batches (number, position, oldest, bound, history)
    VALUES (last.number + 1, last.position + coalesce(cardinality(given), 0),
        coalesce(gone + 1, last.oldest), CASE WHEN taken < most THEN seen ELSE was END, present);
    DELETE FROM event_batches b WHERE b.number = last.number;
    RETURN QUERY SELECT g.document FROM unnest(given) WITH ORDINALITY AS g (document, place)
        ORDER BY g.place;
END $$;
