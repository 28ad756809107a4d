-- What an order holds or held of stock: a row per line whose article is counted here, and what a
-- product-service holds of it. No row: no such order.
--   body: the JSON to send.
CREATE OR REPLACE FUNCTION stock_of_order(p_organization uuid, p_order uuid)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object('orderId', o.id, 'items', coalesce((
        SELECT json_agg(json_build_object('position', r.position, 'sku', r.sku,
            'quantity', r.quantity, 'state', r.state, 'expired', r.expired,
            'heldSince', time_text(r.held_since), 'settledAt', time_text(r.settled_at))
            ORDER BY r.position)
        FROM stock_reservations r WHERE r.order_id = o.id), '[]'),
        'hold', (SELECT stock_hold_document(h) FROM stock_holds h WHERE h.order_id = o.id))::text
    FROM orders o
    WHERE o.organization_id = p_organization AND o.id = p_order AND o.deleted_at IS NULL;
END;
