-- Sets the status of many orders. One row per id, in the order asked.
--   p_ids: the orders. p_status: the new status. p_from: the statuses that it may follow.
--   p_actor: the principal that asks, for the audit.
--   outcome: updated; unchanged (the order has it already); not_allowed (by p_from); not_found.
--   status, version, body (the JSON of the line): the order's present state, NULL if not_found.
--   xid: the transaction, NULL if nothing was written. tags: what to invalidate before the answer,
--   the same in each row: what the transaction announced, and what a repeated request finds done.
CREATE OR REPLACE FUNCTION order_set_statuses(p_organization uuid, p_ids text[], p_status text,
    p_from text[], p_actor text DEFAULT NULL)
RETURNS TABLE (id text, outcome text, status text, version bigint, body text, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_ids CONSTANT uuid[] := p_ids::uuid[];
    v_changed uuid[];
    v_unchanged text[];
BEGIN
    PERFORM payment_actor(p_actor);
    -- Always in the order of ids, so that two of these can't wait for each other.
    PERFORM FROM orders o WHERE o.organization_id = p_organization AND o.id = ANY (v_ids)
        ORDER BY o.id FOR NO KEY UPDATE;
    WITH changed AS (
        UPDATE orders o SET status = p_status
        WHERE o.organization_id = p_organization AND o.id = ANY (v_ids) AND o.deleted_at IS NULL
            AND o.status <> p_status AND o.status = ANY (p_from)
        RETURNING o.id
    )
    SELECT coalesce(array_agg(c.id), '{}') INTO v_changed FROM changed c;
    IF cardinality(v_changed) > 0 THEN
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{orders}');
    END IF;
    -- The writer that brought the others there may not have got to invalidating. An answer that
    -- says "it is so" vouches for every later read.
    SELECT array_agg(DISTINCT tag) INTO v_unchanged
    FROM orders o, unnest(order_tags(o.organization_id, o.id, o.customer_id, o.status)) AS tag
    WHERE o.organization_id = p_organization AND o.id = ANY (v_ids) AND o.id <> ALL (v_changed)
        AND o.deleted_at IS NULL AND o.status = p_status;
    tags := ARRAY(SELECT DISTINCT unnest(coalesce(tags, '{}') || coalesce(v_unchanged, '{}')));
    RETURN QUERY
    SELECT asked.id::text,
        CASE WHEN d.id IS NULL THEN 'not_found'
            WHEN d.id = ANY (v_changed) THEN 'updated'
            WHEN d.document ->> 'status' = p_status THEN 'unchanged'
            ELSE 'not_allowed' END,
        d.document ->> 'status', d.version, d.document::text, order_set_statuses.xid,
            order_set_statuses.tags
    FROM unnest(v_ids) WITH ORDINALITY AS asked (id, place)
    LEFT JOIN order_status_documents d ON d.organization_id = p_organization AND d.id = asked.id
    ORDER BY asked.place;
END $$;
