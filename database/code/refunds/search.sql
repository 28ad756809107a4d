-- A page of the refunds that an organisation has asked for, of all its payments, the newest first.
--   p_state: only in this state; NULL for all. p_limit: how many.
--   p_after: the place where the last page ended, NULL for the first page.
--   body: the JSON to send. next: the place where the next page begins, null after the last one.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION refund_search(
    p_organization uuid, p_state text, p_limit integer, p_after text)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT r.id, r.created_at FROM refund_requests r
        WHERE r.organization_id = p_organization
            AND (p_state IS NULL OR r.state = p_state)
            AND (p_after IS NULL
                OR (r.created_at, r.id) < (place_time(p_after), place_id(p_after)))
        ORDER BY r.created_at DESC, r.id DESC LIMIT p_limit + 1
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(refund_document(r)::json
                ORDER BY p.created_at DESC, p.id DESC)
            FROM (SELECT * FROM page ORDER BY created_at DESC, id DESC LIMIT p_limit) AS p
            JOIN refund_requests r ON r.id = p.id), '[]'),
        'limit', p_limit,
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT place_text(p.created_at, p.id) FROM page p
                ORDER BY p.created_at DESC, p.id DESC LIMIT 1 OFFSET p_limit - 1) END)::text;
END;
