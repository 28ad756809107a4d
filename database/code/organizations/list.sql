-- A page of organisations, the newest first. No row: p_after is none of them.
--   p_limit: how many. p_after: the last one of the page before, NULL for the first page.
--   body: the JSON to send. next: the last one of this page, null after the last page.
CREATE OR REPLACE FUNCTION organization_list(p_limit integer, p_after uuid)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT o.id, row_number() OVER (ORDER BY o.created_at DESC, o.id DESC) AS place
        FROM organizations o
        WHERE p_after IS NULL OR (o.created_at, o.id) < (
            (SELECT a.created_at FROM organizations a WHERE a.id = p_after), p_after)
        ORDER BY o.created_at DESC, o.id DESC LIMIT p_limit + 1
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(d.document ORDER BY p.place)
            FROM page p JOIN organization_documents d ON d.id = p.id
            WHERE p.place <= p_limit), '[]'),
        'limit', p_limit,
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT p.id FROM page p WHERE p.place = p_limit) END)::text
    WHERE p_after IS NULL OR EXISTS (SELECT FROM organizations a WHERE a.id = p_after);
END;
