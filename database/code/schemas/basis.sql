-- What a change of a schema, or of products that have it, is judged by. No row: not found.
--   fields: the JSON of its fields. version: the schema's.
CREATE OR REPLACE FUNCTION schema_basis(p_organization uuid, p_id uuid)
RETURNS TABLE (fields text, version bigint) LANGUAGE plpgsql STABLE ROWS 1 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT s.fields::text, s.version FROM product_schemas s
    WHERE s.organization_id = p_organization AND s.id = p_id;
END $$;
