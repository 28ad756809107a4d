-- A page of events behind a position. Always one row.
--   p_organization: NULL for all. p_after: the last position that the reader has seen; NULL: it
--     begins with the first that is kept. p_limit: how many.
--   outcome: ok; gone (events behind the position are kept no more, or nobody has given it yet, as
--     after a restore: the reader has missed some).
--   body: the JSON to send. next: the position to go on behind. last: the last that was given.
--   oldest: the first position that is kept.
-- Both branches stand apart so that each has a plan of its own.
CREATE OR REPLACE FUNCTION event_list(p_organization uuid, p_after bigint, p_limit integer)
RETURNS TABLE (outcome text, oldest bigint, body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH feed AS MATERIALIZED (
        SELECT b.position, b.oldest, coalesce(p_after, b.oldest - 1) AS after
        FROM event_batches b ORDER BY b.number DESC LIMIT 1
    ), page AS MATERIALIZED (
        SELECT o.* FROM feed f, LATERAL (
            SELECT e.* FROM events e
            WHERE p_organization IS NOT NULL AND e.organization_id = p_organization
                AND e.position > f.after
            ORDER BY e.position LIMIT p_limit
        ) AS o
        UNION ALL
        SELECT o.* FROM feed f, LATERAL (
            SELECT e.* FROM events e WHERE p_organization IS NULL AND e.position > f.after
            ORDER BY e.position LIMIT p_limit
        ) AS o
    )
    SELECT CASE WHEN f.after < f.oldest - 1 OR f.after > f.position THEN 'gone' ELSE 'ok'
        END AS outcome, f.oldest,
        json_build_object(
            'items', coalesce((SELECT json_agg(event_document(ROW(p.*)::events) ORDER BY p.position)
                FROM page p), '[]'),
            'next', CASE WHEN (SELECT count(*) FROM page) < p_limit THEN f.position
                ELSE (SELECT max(p.position) FROM page p) END,
            'last', f.position, 'oldest', f.oldest)::text
    FROM feed f;
END;
