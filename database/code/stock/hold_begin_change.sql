-- Begins a hold for the new items that order_patch is about to give an order. The service may count
-- what it holds for the old ones as free.
--   p_customer, p_items, p_items_from: as order_patch takes them. p_id: the id of a new hold.
--   outcome: as stock_hold_take; pass, too, if order_patch will refuse the items, or the order
--     has a hold of just these.
--   hold, organization, items, replaces, resting_ms: as stock_hold_take.
CREATE OR REPLACE FUNCTION stock_hold_begin_change(p_organization uuid, p_order uuid,
    p_customer uuid, p_items jsonb, p_items_from text[], p_id uuid)
RETURNS TABLE (outcome text, hold text, organization text, items text, replaces text,
    resting_ms bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    o orders;
BEGIN
    SELECT * INTO o FROM orders t
    WHERE t.organization_id = p_organization AND t.id = p_order AND t.deleted_at IS NULL
        AND (p_customer IS NULL OR t.customer_id = p_customer);
    IF NOT FOUND OR order_items_fixed(o, p_items_from) IS NOT NULL
        OR (SELECT l.refused IS NOT NULL FROM order_lines(p_organization, o.currency, p_items)
            AS l)
        OR stock_hold_covers(p_order, p_items) THEN
        outcome := 'pass';
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY SELECT t.* FROM stock_hold_key(p_order, p_items) AS k,
        stock_hold_take(p_organization, k.principal, k.key, p_items, p_id,
            (SELECT h.id FROM stock_holds h WHERE h.order_id = p_order)) AS t;
END $$;
