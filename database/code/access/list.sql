-- A page of an organisation's revocations that still stop tokens, the newest first.
--   p_limit: how many. p_after: the last revocation of the page before, NULL for the first page.
--   body: the JSON to send. next: the last revocation of this page, null after the last page.
CREATE OR REPLACE FUNCTION access_list(p_organization uuid, p_limit integer, p_after uuid)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT r.id, row_number() OVER (ORDER BY r.id DESC) AS place,
            access_document(r.revocation) AS document
        FROM (SELECT a.id, a AS revocation FROM access_revocations a
            WHERE a.organization_id = p_organization AND (p_after IS NULL OR a.id < p_after)
                AND a.expires_at > now()
            ORDER BY a.id DESC LIMIT p_limit + 1) r
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(p.document ORDER BY p.place)
            FROM page p WHERE p.place <= p_limit), '[]'),
        'limit', p_limit,
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT p.id FROM page p WHERE p.place = p_limit) END)::text;
END;
