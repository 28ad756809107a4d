-- A page of an organisation's holds in one state, the oldest first: it has waited for longest.
--   p_state: one of those that wait for somebody: optimistic, stock_missing, releasing, deducting.
--   p_limit: how many. p_after: the place where the last page ended, NULL for the first page.
--   body: the JSON to send. next: the place where the next page begins, null after the last one.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION stock_holds(p_organization uuid, p_state text, p_limit integer,
    p_after text)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT h.id, h.created_at FROM stock_holds h
        WHERE h.organization_id = p_organization AND h.state = p_state
            AND h.state IN ('optimistic', 'stock_missing', 'releasing', 'deducting')
            AND (p_after IS NULL
                OR (h.created_at, h.id) > (place_time(p_after), place_id(p_after)))
        ORDER BY h.created_at, h.id LIMIT p_limit + 1
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(stock_hold_document(h) ORDER BY p.created_at, p.id)
            FROM (SELECT * FROM page ORDER BY created_at, id LIMIT p_limit) AS p
            JOIN stock_holds h ON h.id = p.id), '[]'),
        'limit', p_limit,
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT place_text(p.created_at, p.id) FROM page p
                ORDER BY p.created_at, p.id LIMIT 1 OFFSET p_limit - 1) END)::text;
END;
