-- The details of one product. No row: not found.
--   body: the JSON to send. version, customer: NULL.
-- In plpgsql, since a session keeps its plans.
CREATE OR REPLACE FUNCTION product_details(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT d.document::text, NULL::bigint, NULL::text
    FROM product_details_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
END $$;
