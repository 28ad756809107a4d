-- Deletes many products: hides them. One row per id, in the order asked.
--   outcome: deleted; not_found.
--   xid: the transaction, NULL if nothing was written. tags: what to invalidate before the answer,
--   the same in each row: what the transaction announced, and what a repeated request finds done.
CREATE OR REPLACE FUNCTION product_bulk_delete(p_organization uuid, p_ids text[])
RETURNS TABLE (id text, outcome text, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_ids CONSTANT uuid[] := p_ids::uuid[];
    v_deleted uuid[];
    v_gone text[];
BEGIN
    -- Always in the order of ids, so that two of these can't wait for each other.
    PERFORM FROM products p WHERE p.organization_id = p_organization AND p.id = ANY (v_ids)
        ORDER BY p.id FOR NO KEY UPDATE;
    WITH deleted AS (
        UPDATE products p SET deleted_at = now()
        WHERE p.organization_id = p_organization AND p.id = ANY (v_ids) AND p.deleted_at IS NULL
        RETURNING p.id
    )
    SELECT coalesce(array_agg(d.id), '{}') INTO v_deleted FROM deleted d;
    IF cardinality(v_deleted) > 0 THEN
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{products}');
    END IF;
    -- The writer that deleted the others may not have got to invalidating. An answer that says "it
    -- is gone" vouches for every later read.
    SELECT array_agg(DISTINCT tag) INTO v_gone
    FROM products p, unnest(product_tags(p.organization_id, p.id, p.schema_id)) AS tag
    WHERE p.organization_id = p_organization AND p.id = ANY (v_ids) AND p.id <> ALL (v_deleted);
    tags := ARRAY(SELECT DISTINCT unnest(coalesce(tags, '{}') || coalesce(v_gone, '{}')));
    RETURN QUERY
    SELECT asked.id::text,
        CASE WHEN asked.id = ANY (v_deleted) THEN 'deleted' ELSE 'not_found' END,
        product_bulk_delete.xid, product_bulk_delete.tags
    FROM unnest(v_ids) WITH ORDINALITY AS asked (id, place)
    ORDER BY asked.place;
END $$;
