-- Changes a schema. It is locked first, so that no product is judged by it meanwhile.
--   p_basis: the version that the change was judged by.
--   p_name: the new name, NULL to keep it. p_fields: all fields anew, NULL to keep them.
--   p_narrows: whether values that products have may not fit the new fields.
--   p_only: only one of these versions; NULL for any. p_unless: none of these versions; 0 in it
--     stands for all.
--   outcome: updated; not_found; version_mismatch; stale (it has another version than p_basis:
--     judge anew); name_taken; in_use (it narrows, and products have the schema).
--   body: the JSON of the schema if it was updated, else NULL. version: as it is now.
--   xid, tags: the transaction and what it announced; NULL and empty if nothing was written.
CREATE OR REPLACE FUNCTION schema_patch(p_organization uuid, p_id uuid, p_basis bigint,
    p_name text, p_fields jsonb, p_narrows boolean, p_only bigint[], p_unless bigint[])
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    tags := '{}';
    SELECT s.version INTO version FROM product_schemas s
    WHERE s.organization_id = p_organization AND s.id = p_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
    ELSIF version <> ALL (p_only) OR version = ANY (p_unless) OR 0 = ANY (p_unless) THEN
        outcome := 'version_mismatch';
    ELSIF version <> p_basis THEN
        outcome := 'stale';
    ELSIF p_narrows AND EXISTS (SELECT FROM products p WHERE p.organization_id = p_organization
        AND p.schema_id = p_id AND p.deleted_at IS NULL) THEN
        outcome := 'in_use';
    ELSIF EXISTS (SELECT FROM product_schemas s WHERE s.organization_id = p_organization
        AND s.name = p_name AND s.id <> p_id) THEN
        outcome := 'name_taken';
    ELSE
        UPDATE product_schemas s SET name = coalesce(p_name, s.name),
            fields = coalesce(p_fields, s.fields)
        WHERE s.id = p_id;
        SELECT d.document::text, d.version INTO STRICT body, version
        FROM schema_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
        outcome := 'updated';
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{product_schemas}');
    END IF;
    RETURN NEXT;
EXCEPTION WHEN unique_violation THEN
    -- Another transaction took the name at the same moment.
    outcome := 'name_taken';
    body := NULL;
    xid := NULL;
    tags := '{}';
    RETURN NEXT;
END $$;
