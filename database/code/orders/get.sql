-- One order. No row: not found.
--   body: the JSON to send. version: the order's, its ETag. customer: the order's.
-- In plpgsql, since a session keeps its plans: each call is prepared anew, and planning costs
-- several times what running costs. (Lists and statistics need a plan for their values.)
CREATE OR REPLACE FUNCTION order_get(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT d.document::text, d.version, d.customer_id::text
    FROM order_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
END $$;
