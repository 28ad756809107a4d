-- What a change of a product is judged by. No row: not found.
--   currency, schema_id, fields (the JSON of its values), version: the product's.
CREATE OR REPLACE FUNCTION product_basis(p_organization uuid, p_id uuid)
RETURNS TABLE (currency text, schema_id text, fields text, version bigint)
LANGUAGE plpgsql STABLE ROWS 1 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT p.currency::text, p.schema_id::text, p.fields::text, p.version
    FROM products p
    WHERE p.organization_id = p_organization AND p.id = p_id AND p.deleted_at IS NULL;
END $$;
