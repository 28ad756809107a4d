-- One customer. No row: not found.
--   body: the JSON to send. version: the customer's, its ETag. customer: the customer.
-- In plpgsql, since a session keeps its plans.
CREATE OR REPLACE FUNCTION customer_get(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT d.document::text, d.version, d.id::text
    FROM customer_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
END $$;
