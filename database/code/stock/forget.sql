-- Ends the counting of a product's article: any number of it can be ordered again. Its movements
-- stay.
--   outcome: forgotten (also if it wasn't counted); not_found; reserved (orders hold so many pieces
--     of it: reserved).
--   xid, tags: the transaction and what it announced, and what a repeated request finds done.
CREATE OR REPLACE FUNCTION stock_forget(p_organization uuid, p_product uuid)
RETURNS TABLE (outcome text, reserved bigint, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_sku text;
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
    outcome := 'forgotten';
    SELECT l.reserved INTO reserved FROM stock_levels l
    WHERE l.organization_id = p_organization AND l.sku = v_sku FOR UPDATE;
    IF stock_forget.reserved > 0 THEN
        outcome := 'reserved';
    ELSIF FOUND THEN
        DELETE FROM stock_levels l WHERE l.organization_id = p_organization AND l.sku = v_sku;
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{stock_levels}');
    END IF;
    tags := tags || ARRAY(SELECT t FROM stock_tags(p_organization, v_sku) AS t);
    RETURN NEXT;
END $$;
