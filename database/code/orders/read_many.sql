-- Many orders of any organisations, each as order_get gives it. Orders that don't exist are left
-- out.
--   p_keys: a name for each, of the caller's choice. p_organizations, p_ids: the orders.
--   id: the name. body, version, customer: as those of order_get.
CREATE OR REPLACE FUNCTION order_read_many(p_keys text[], p_organizations text[], p_ids text[])
RETURNS TABLE (id text, body text, version bigint, customer text)
LANGUAGE plpgsql STABLE ROWS 50 AS $$
BEGIN
    RETURN QUERY SELECT w.key, d.document::text, d.version, d.customer_id::text
    FROM unnest(p_keys, p_organizations::uuid[], p_ids::uuid[]) AS w (key, organization_id, id)
    JOIN order_documents d ON d.organization_id = w.organization_id AND d.id = w.id;
END $$;
