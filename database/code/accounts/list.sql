-- A page of accounts at providers, the newest first. No row: p_after is none of them.
--   p_organization: only this one's; NULL for all. p_provider: only there; NULL for any.
--   p_limit: how many. p_after: the last one of the page before, NULL for the first page.
--   body: the JSON. next: the last one of this page, null after the last page.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION provider_account_list(p_organization uuid, p_provider text,
    p_limit integer, p_after uuid)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT a.id, row_number() OVER (ORDER BY a.created_at DESC, a.id DESC) AS place
        FROM provider_accounts a
        WHERE (p_organization IS NULL OR a.organization_id = p_organization)
            AND (p_provider IS NULL OR a.provider = p_provider)
            AND (p_after IS NULL OR (a.created_at, a.id) < (
                (SELECT b.created_at FROM provider_accounts b WHERE b.id = p_after), p_after))
        ORDER BY a.created_at DESC, a.id DESC LIMIT p_limit + 1
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(d.document ORDER BY p.place)
            FROM page p JOIN provider_account_documents d ON d.id = p.id
            WHERE p.place <= p_limit), '[]'),
        'limit', p_limit,
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT p.id FROM page p WHERE p.place = p_limit) END)::text
    WHERE p_after IS NULL OR EXISTS (SELECT FROM provider_accounts b WHERE b.id = p_after);
END;
