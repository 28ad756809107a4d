-- A page of an organisation's transactions, the newest first.
--   Each filter is NULL if it isn't asked for: p_type; p_provider; p_from: booked at or after;
--   p_to: booked before, both RFC 3339.
--   p_limit: how many. p_after: the place where the last page ended, NULL for the first page.
--   body: the JSON to send. next: the place where the next page begins, null after the last one.
-- A page looks at looked_rows() transactions, so a search may end before its page is full, with a
-- next.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION transaction_search(p_organization uuid, p_type text, p_provider text,
    p_from text, p_to text, p_limit integer, p_after text)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH looked AS NOT MATERIALIZED (
        SELECT t.id, t.created_at, t.type, t.provider FROM payment_transactions t
        WHERE t.organization_id = p_organization
            AND (p_from IS NULL OR t.created_at >= p_from::timestamptz)
            AND (p_to IS NULL OR t.created_at < p_to::timestamptz)
            AND (p_after IS NULL
                OR (t.created_at, t.id) < (place_time(p_after), place_id(p_after)))
        ORDER BY t.created_at DESC, t.id DESC LIMIT looked_rows()
    ), page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT l.id, l.created_at FROM looked l
        WHERE (p_type IS NULL OR l.type = p_type)
            AND (p_provider IS NULL OR l.provider = p_provider)
        ORDER BY l.created_at DESC, l.id DESC LIMIT p_limit + 1
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(transaction_document(t)
                ORDER BY p.created_at DESC, p.id DESC)
            FROM (SELECT * FROM page ORDER BY created_at DESC, id DESC LIMIT p_limit) AS p
            JOIN payment_transactions t ON t.id = p.id), '[]'),
        'limit', p_limit,
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT place_text(p.created_at, p.id) FROM page p
                ORDER BY p.created_at DESC, p.id DESC LIMIT 1 OFFSET p_limit - 1)
            ELSE (SELECT place_text(l.created_at, l.id) FROM looked l
                ORDER BY l.created_at DESC, l.id DESC LIMIT 1 OFFSET looked_rows() - 1)
            END)::text;
END;
