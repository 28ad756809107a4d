-- A page of an export, in the order of its transactions' numbers.
--   p_format: csv or ndjson. p_from, p_until: the stretch, as transaction_export_begin gave it.
--   p_after_xid, p_after_id: the last row of the page before, NULL for the first page.
--   body: the lines, each with its end; NULL if there are no more rows. rows: how many.
--   last_xid, last_id: the last row.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION transaction_export_page(p_organization uuid, p_format text, p_from text,
    p_until text, p_after_xid text, p_after_id uuid, p_limit integer)
RETURNS TABLE (body text, rows bigint, last_xid text, last_id text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH page AS MATERIALIZED (
        SELECT t.xid, t.id, CASE p_format WHEN 'csv' THEN transaction_csv(t)
            ELSE transaction_document(t)::text END AS line
        FROM payment_transactions t
        WHERE t.organization_id = p_organization AND t.xid >= p_from::xid8
            AND t.xid < p_until::xid8
            AND (p_after_id IS NULL OR (t.xid, t.id) > (p_after_xid::xid8, p_after_id))
        ORDER BY t.xid, t.id LIMIT p_limit
    ), last AS (
        SELECT p.xid, p.id FROM page p ORDER BY p.xid DESC, p.id DESC LIMIT 1
    )
    SELECT (SELECT string_agg(p.line || E'\n', '' ORDER BY p.xid, p.id) FROM page p),
        (SELECT count(*) FROM page), (SELECT l.xid::text FROM last l),
        (SELECT l.id::text FROM last l);
END;
