-- What the database says of its cache, without changing anything. One row.
-- $1 text Redis address and key prefix.
-- mismatch int: 1 where the database serves another cache. known int: 0 where it has never seen one. waiting int: outbox rows to be applied; 1001: more than 1,000.
-- oldest_ms bigint: since when the oldest of them waits, 0 where there is none.
SELECT CASE WHEN s.cache <> $1::text THEN 1 ELSE 0 END AS mismatch, (s.cache IS NOT NULL)::int AS known, o.waiting, o.oldest_ms
FROM cache_state s, (
    SELECT count(*)::int AS waiting, coalesce(extract(epoch FROM now() - min(i.created_at)) * 1000, 0)::bigint AS oldest_ms
    FROM (SELECT created_at FROM cache_invalidations ORDER BY id LIMIT 1001) AS i) AS o
