-- Sets how many pieces of a product's article there are, as somebody has counted them. From then on
-- the article is counted.
--   p_on_hand: pieces, the reserved ones among them. p_note: why, or NULL. p_actor: the caller.
--   outcome: counted; not_found; reserved (so many are reserved that this can't be: reserved).
--   body: the JSON of the stock. xid, tags: the transaction and what it announced; a repeated
--   request vouches for what it finds done.
CREATE OR REPLACE FUNCTION stock_count(p_organization uuid, p_product uuid, p_on_hand bigint,
    p_note text, p_actor text)
RETURNS TABLE (outcome text, body text, reserved bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_sku text;
    v_before bigint;
BEGIN
    tags := '{}';
    SELECT p.sku INTO v_sku FROM products p
    WHERE p.organization_id = p_organization AND p.id = p_product AND p.deleted_at IS NULL
    FOR KEY SHARE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    PERFORM set_config('stock.noted', 'true', true);
    INSERT INTO stock_levels AS l (organization_id, sku, on_hand) VALUES (p_organization, v_sku, 0)
    ON CONFLICT (organization_id, sku) DO NOTHING;
    SELECT l.on_hand, l.reserved INTO v_before, reserved FROM stock_levels l
    WHERE l.organization_id = p_organization AND l.sku = v_sku FOR NO KEY UPDATE;
    IF p_on_hand < stock_count.reserved THEN
        outcome := 'reserved';
    ELSE
        UPDATE stock_levels l SET on_hand = p_on_hand, updated_at = now()
        WHERE l.organization_id = p_organization AND l.sku = v_sku AND l.on_hand <> p_on_hand;
        IF FOUND THEN
            INSERT INTO stock_movements (organization_id, sku, change, on_hand, reason, note, actor)
            VALUES (p_organization, v_sku, p_on_hand - v_before, p_on_hand, 'count', p_note,
                p_actor);
        END IF;
        outcome := 'counted';
        body := stock_document(p_organization, p_product, v_sku)::text;
    END IF;
    PERFORM set_config('stock.noted', '', true);
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{stock_levels}')
        || ARRAY(SELECT t FROM stock_tags(p_organization, v_sku) AS t);
    RETURN NEXT;
END $$;
