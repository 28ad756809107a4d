-- The places of many orders' parcels, sorted by order. Orders that don't exist are left out.
--   p_ids: the orders.
--   id: the order. body: the JSON of its tracking. version: NULL. customer: the order's.
CREATE OR REPLACE FUNCTION order_trackings(p_organization uuid, p_ids text[])
RETURNS TABLE (id text, body text, version bigint, customer text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT d.id::text, d.document::text, NULL::bigint, d.customer_id::text
    FROM order_tracking_documents d
    WHERE d.organization_id = p_organization AND d.id = ANY (p_ids::uuid[])
    ORDER BY d.id;
END;
