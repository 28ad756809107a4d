-- Announces entries as changed, as a trigger would: an operator wants them made anew. It is written
-- down who has asked for it. A tag of pages of orders has them made anew although nothing has
-- touched what they show (order_list_parts).
--   p_organization: all that belongs to this organisation; NULL: p_tags.
--   p_principal: the operator. p_note: why, or NULL.
--   outcome: invalidated; not_found (no such organisation).
--   xid, tags: the transaction and what it announced; NULL and empty if nothing was written.
CREATE OR REPLACE FUNCTION cache_invalidate(
    p_organization uuid, p_tags text[], p_principal text, p_note text)
RETURNS TABLE (outcome text, xid text, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    IF p_organization IS NOT NULL AND NOT EXISTS (
        SELECT FROM organizations o WHERE o.id = p_organization) THEN
        outcome := 'not_found';
        tags := '{}';
        RETURN NEXT;
        RETURN;
    END IF;
    outcome := 'invalidated';
    tags := CASE WHEN p_organization IS NULL THEN p_tags
        ELSE cache_tenant_tags(ARRAY[p_organization]) END;
    tags := tags || ARRAY(SELECT DISTINCT 'lists:' || cache_tenant(ARRAY[tag])
        FROM unnest(tags) AS tag WHERE tag ~ '^(org|customer|status):');
    PERFORM cache_announce(tags);
    INSERT INTO payment_audit (actor, relation, organization_id, after)
    VALUES (p_principal, 'cache_invalidations', p_organization,
        jsonb_strip_nulls(jsonb_build_object('tags', tags, 'note', p_note)));
    xid := pg_current_xact_id()::text;
    RETURN NEXT;
END $$;
