-- The summaries of many orders, sorted by id. Orders that don't exist are left out.
--   p_ids: the orders.
--   id: the order. body: the JSON of its summary. version: NULL. customer: the order's.
CREATE OR REPLACE FUNCTION order_summaries(p_organization uuid, p_ids text[])
RETURNS TABLE (id text, body text, version bigint, customer text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT d.id::text, d.document::text, NULL::bigint, d.customer_id::text
    FROM order_summary_documents d
    WHERE d.organization_id = p_organization AND d.id = ANY (p_ids::uuid[])
    ORDER BY d.id;
END;
