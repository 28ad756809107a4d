-- The invoice of one order. No row: not found, or the order has none.
--   body: the JSON to send. version: NULL. customer: the order's.
-- In plpgsql, since a session keeps its plans.
CREATE OR REPLACE FUNCTION order_invoice(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT d.document::text, NULL::bigint, d.customer_id::text
    FROM order_invoice_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
END $$;
