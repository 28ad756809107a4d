-- The statuses of orders that are watched, of several organisations. Orders that don't exist are
-- left out.
--   p_organizations, p_ids: the orders, each by its organisation and its id at the same place.
--   body: the JSON of its line. version: of the order. customer: the order's.
CREATE OR REPLACE FUNCTION live_states(p_organizations text[], p_ids text[])
RETURNS TABLE (organization text, id text, body text, version bigint, customer text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT d.organization_id::text, d.id::text, d.document::text, d.version, d.customer_id::text
    FROM unnest(p_organizations::uuid[], p_ids::uuid[]) AS w (organization_id, id)
    JOIN order_status_documents d ON d.organization_id = w.organization_id AND d.id = w.id;
END;
