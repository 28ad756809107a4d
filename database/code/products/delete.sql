-- Deletes a product: hides it. Orders keep its name and price in their items.
--   p_only: only one of these versions; NULL for any. p_unless: none of these versions; 0 in it
--     stands for all.
--   outcome: deleted; not_found; version_mismatch.
--   version: as it was found.
--   xid: the transaction, NULL if nothing was written. tags: what to invalidate before the answer:
--     what the transaction announced, and what a repeated request finds done.
CREATE OR REPLACE FUNCTION product_delete(p_organization uuid, p_id uuid, p_only bigint[],
    p_unless bigint[])
RETURNS TABLE (outcome text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    tags := '{}';
    SELECT p.version INTO version FROM products p
    WHERE p.organization_id = p_organization AND p.id = p_id AND p.deleted_at IS NULL
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        -- This may repeat a deletion that was committed and never answered: the product must not
        -- be found in the cache any more.
        SELECT product_tags(p_organization, p_id, p.schema_id) INTO tags FROM products p
        WHERE p.organization_id = p_organization AND p.id = p_id;
        tags := coalesce(tags, product_tags(p_organization, p_id, NULL));
    ELSIF version <> ALL (p_only) OR version = ANY (p_unless) OR 0 = ANY (p_unless) THEN
        outcome := 'version_mismatch';
    ELSE
        UPDATE products p SET deleted_at = now() WHERE p.id = p_id;
        outcome := 'deleted';
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{products}');
    END IF;
    RETURN NEXT;
END $$;
