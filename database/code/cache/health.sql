-- The database's view of its cache. It changes nothing. Always one row.
--   p_cache: the caller's Redis address and key prefix.
--   mismatch: 1 if the database serves another cache. known: 0 if it has never seen one.
--   waiting: outbox rows that are still to be applied; 1001 stands for more than 1,000.
--   oldest_ms: age of the oldest of them in milliseconds, 0 if there is none.
--   runs: how often another run of Redis was named. servers: how often another server of the
--     database took over. off: why no certificate is given for now, or NULL.
CREATE OR REPLACE FUNCTION cache_health(p_cache text)
RETURNS TABLE (mismatch integer, known integer, waiting integer, oldest_ms bigint, runs bigint,
    off text, servers bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE WHEN s.cache <> p_cache THEN 1 ELSE 0 END, (s.cache IS NOT NULL)::integer,
        o.waiting, o.oldest_ms, s.runs,
        CASE WHEN s.off_until > clock_timestamp() THEN s.off_reason END, s.servers
    FROM cache_state s, LATERAL (
        SELECT count(*)::integer AS waiting,
            coalesce(extract(epoch FROM now() - min(i.created_at)) * 1000, 0)::bigint AS oldest_ms
        FROM (SELECT c.created_at FROM cache_invalidations c WHERE c.xid >= s.swept
            ORDER BY c.xid LIMIT 1001) AS i) AS o;
END;
