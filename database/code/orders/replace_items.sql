-- Replaces the items of an order, at the products' prices of this moment, and its total with them.
--   p_order: the order, locked as all that changes payments does.
--   p_items, p_inventory: as order_create takes them. p_from: the statuses in which items may be
--     changed.
-- Gives NULL, or why nothing was changed: as order_items_fixed and order_lines say it; unreserved:
-- as order_create.
--
-- Items change here, in order_create, and by other programs. Their table's statement triggers see
-- all of them, old rows and new: there the stock of the old ones is set free, and that of the new
-- ones reserved.
CREATE OR REPLACE FUNCTION order_replace_items(p_order orders, p_items jsonb, p_from text[],
    p_inventory text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    refused text := order_items_fixed(p_order, p_from);
    priced record;
BEGIN
    IF refused IS NOT NULL THEN
        RETURN refused;
    END IF;
    SELECT * INTO priced
    FROM order_lines(p_order.organization_id, p_order.currency, p_items) AS l;
    IF priced.refused IS NOT NULL THEN
        RETURN priced.refused;
    END IF;
    IF p_inventory IS DISTINCT FROM 'service' THEN
        PERFORM stock_hold_detach(p_order.id);
    ELSIF NOT (SELECT stock_hold_attach(p_order.organization_id, k.principal, k.key, p_order.id,
            p_items, p_order.status = 'pending' AND priced.total > 0)
        FROM stock_hold_key(p_order.id, p_items) AS k) THEN
        RETURN 'unreserved';
    END IF;
    UPDATE orders o SET total_amount = priced.total,
        payment_status = CASE WHEN priced.total = 0 THEN 'none_required'
            WHEN o.payment_status = 'none_required' THEN 'unpaid' ELSE o.payment_status END
    WHERE o.id = p_order.id;
    DELETE FROM order_items i WHERE i.order_id = p_order.id;
    PERFORM order_put_items(p_order.id, priced.lines, p_inventory);
    -- What a provider has told of the order is judged by the new total.
    PERFORM payment_fold(ARRAY[p_order.id]);
    RETURN NULL;
END $$;
