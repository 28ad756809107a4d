-- Changes a product. It is locked first, so that nothing that is decided on can change meanwhile.
--   p_change: the members that change, of {sku, name, description, price, status, schemaId, fields,
--     images}, judged before; fields holds all values anew.
--   p_basis: the version of the product that the change was judged by; NULL if that doesn't matter.
--   p_schema, p_schema_version: the schema that fields were judged by; NULL if there is none.
--   p_only: only one of these versions; NULL for any. p_unless: none of these versions; 0 in it
--     stands for all.
--   outcome: updated; not_found; version_mismatch; stale (product or schema has another version
--     than it was judged by: judge anew); sku_taken (the article has a product in this currency).
--   body: the JSON of the product if it was updated, else NULL. version: as it is now.
--   xid, tags: the transaction and what it announced; NULL and empty if nothing was written.
CREATE OR REPLACE FUNCTION product_patch(p_organization uuid, p_id uuid, p_change jsonb,
    p_basis bigint, p_schema uuid, p_schema_version bigint, p_only bigint[], p_unless bigint[])
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    tags := '{}';
    SELECT p.version INTO version FROM products p
    WHERE p.organization_id = p_organization AND p.id = p_id AND p.deleted_at IS NULL
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    ELSIF version <> ALL (p_only) OR version = ANY (p_unless) OR 0 = ANY (p_unless) THEN
        outcome := 'version_mismatch';
        RETURN NEXT;
        RETURN;
    END IF;
    -- Keeps the schema as it is until the product is changed.
    PERFORM FROM product_schemas s WHERE s.organization_id = p_organization AND s.id = p_schema
        AND s.version = p_schema_version FOR SHARE;
    IF version <> p_basis OR NOT FOUND AND p_schema IS NOT NULL THEN
        outcome := 'stale';
        RETURN NEXT;
        RETURN;
    END IF;
    BEGIN
        UPDATE products p SET
            sku = coalesce(p_change ->> 'sku', p.sku),
            name = coalesce(p_change ->> 'name', p.name),
            description = CASE WHEN p_change ? 'description' THEN p_change ->> 'description'
                ELSE p.description END,
            price = coalesce((p_change ->> 'price')::numeric, p.price),
            active = coalesce(p_change ->> 'status' = 'active', p.active),
            schema_id = CASE WHEN p_change ? 'schemaId' THEN (p_change ->> 'schemaId')::uuid
                ELSE p.schema_id END,
            fields = coalesce(p_change -> 'fields', p.fields),
            images = coalesce(p_change -> 'images', p.images)
        WHERE p.id = p_id;
        outcome := 'updated';
    EXCEPTION WHEN unique_violation THEN
        outcome := 'sku_taken';
    END;
    IF outcome = 'updated' THEN
        SELECT d.document::text, d.version INTO STRICT body, version
        FROM product_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{products}');
    END IF;
    RETURN NEXT;
END $$;
