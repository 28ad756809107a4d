-- Books pieces of a product's article in or out, once per Idempotency-Key.
--   p_change: pieces, below zero if they leave. p_reason: receipt, return or loss. p_note: or NULL.
--   outcome: moved; replay (body: the answer of that time); mismatch (the key was used for another
--     body); not_found; not_counted (the article isn't counted yet); too_few (fewer would be there
--     than are reserved: available).
--   body: the JSON of the stock. xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION stock_move(p_organization uuid, p_product uuid, p_change bigint,
    p_reason text, p_note text, p_principal text, p_key text, p_body_hash text)
RETURNS TABLE (outcome text, body text, available bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_sku text;
    v_on_hand bigint;
    v_route CONSTANT text := format('POST /products/%s/stock/movements', p_product);
BEGIN
    tags := '{}';
    SELECT p.sku INTO v_sku FROM products p
    WHERE p.organization_id = p_organization AND p.id = p_product
        AND p.deleted_at IS NULL;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT k.outcome, k.body INTO outcome, body
    FROM take_idempotency_key(p_organization, p_principal, v_route, p_key, p_body_hash) AS k;
    IF outcome <> 'taken' THEN
        -- The first request may not have got to invalidating.
        tags := ARRAY(SELECT t FROM stock_tags(p_organization, v_sku) AS t);
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT l.on_hand, l.on_hand - l.reserved INTO v_on_hand, available FROM stock_levels l
    WHERE l.organization_id = p_organization AND l.sku = v_sku FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_counted';
    ELSIF stock_move.available + p_change < 0 THEN
        outcome := 'too_few';
    ELSE
        PERFORM set_config('stock.noted', 'true', true);
        UPDATE stock_levels l SET on_hand = v_on_hand + p_change, updated_at = now()
        WHERE l.organization_id = p_organization AND l.sku = v_sku;
        PERFORM set_config('stock.noted', '', true);
        INSERT INTO stock_movements (organization_id, sku, change, on_hand, reason, note, actor)
        VALUES (p_organization, v_sku, p_change, v_on_hand + p_change, p_reason, p_note,
            p_principal);
        outcome := 'moved';
        body := stock_document(p_organization, p_product, v_sku)::text;
    END IF;
    IF outcome = 'moved' THEN
        PERFORM answer_idempotency_key(p_organization, p_principal, v_route, p_key,
            stock_move.body);
    ELSE
        -- Nothing was done, so the key is free again.
        PERFORM free_idempotency_key(p_organization, p_principal, v_route, p_key);
    END IF;
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{stock_levels}');
    RETURN NEXT;
END $$;
