-- The stock of a product's article. No row: no such product.
--   body: the JSON to send. version, customer: NULL.
CREATE OR REPLACE FUNCTION stock_get(p_organization uuid, p_product uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT stock_document(p.organization_id, p.id, p.sku)::text, NULL::bigint,
        NULL::text
    FROM products p WHERE p.organization_id = p_organization AND p.id = p_product
        AND p.deleted_at IS NULL;
END $$;
