-- A page of an organisation's customers: the newest first, or, by the beginning of their e-mail
-- address, in the order of addresses. No row: p_after is none of them.
--   p_email: the beginning of the address, in any case; NULL for all customers.
--   p_limit: how many. p_after: the last customer of the page before, NULL for the first page.
--   body: the JSON to send. next: the last customer of this page, null after the last page.
-- A place is the id of a customer, since an address would be personal data in a URL.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION customer_list(
    p_organization uuid, p_email text, p_limit integer, p_after uuid)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT p.id, p.place FROM unnest(CASE WHEN p_email IS NULL THEN ARRAY(
            SELECT c.id FROM customers c
            WHERE c.organization_id = p_organization
                AND (p_after IS NULL OR (c.created_at, c.id) < (
                    (SELECT a.created_at FROM customers a
                    WHERE a.organization_id = p_organization AND a.id = p_after), p_after))
            ORDER BY c.created_at DESC, c.id DESC LIMIT p_limit + 1
        ) ELSE ARRAY(
            SELECT c.id FROM customers c
            WHERE c.organization_id = p_organization
                AND starts_with(lower(c.email) COLLATE "C", lower(p_email))
                AND (p_after IS NULL OR (lower(c.email) COLLATE "C", c.id) > (
                    (SELECT lower(a.email) COLLATE "C" FROM customers a
                    WHERE a.organization_id = p_organization AND a.id = p_after), p_after))
            ORDER BY lower(c.email) COLLATE "C", c.id LIMIT p_limit + 1
        ) END) WITH ORDINALITY AS p (id, place)
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(d.document ORDER BY p.place)
            FROM page p JOIN customer_documents d ON d.id = p.id WHERE p.place <= p_limit), '[]'),
        'limit', p_limit,
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT p.id FROM page p WHERE p.place = p_limit) END)::text
    WHERE p_after IS NULL OR EXISTS (SELECT FROM customers a
        WHERE a.organization_id = p_organization AND a.id = p_after);
END;
