-- The public view of the order that a token opens. No row: no such token, or not any more.
--   p_hmac: the token's HMAC in hexadecimal digits. p_older: its HMACs under keys that are being
--   replaced.
--   body: the JSON to send. It says nothing about the customer, and of the address only the town.
CREATE OR REPLACE FUNCTION guest_order(p_hmac text, p_older text[] DEFAULT '{}')
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'orderNumber', o.order_number,
        'status', o.status,
        'paymentStatus', o.payment_status,
        'currency', o.currency,
        'totalAmount', money_text(o.total_amount, o.currency),
        'items', coalesce((SELECT json_agg(json_build_object('sku', i.sku, 'name', i.name,
            'quantity', i.quantity,
            'unitPrice', money_text(i.unit_price, i.currency)) ORDER BY i.position)
                FROM order_items i WHERE i.order_id = o.id), '[]'),
        'shipments', coalesce((SELECT json_agg(json_build_object('carrier', s.carrier,
            'trackingNumber', s.tracking_number,
            'trackingUrl', s.tracking_url, 'status', s.status, 'shippedAt', time_text(s.shipped_at),
            'deliveredAt', time_text(s.delivered_at)) ORDER BY s.created_at, s.id) FROM shipments s
                WHERE s.order_id = o.id), '[]'),
        'shippingTo', json_build_object('city', o.shipping_address ->> 'city', 'country',
            o.shipping_address ->> 'country'),
        'createdAt', time_text(o.created_at),
        'updatedAt', time_text(o.updated_at))::text
    FROM guest_tokens g JOIN orders o ON o.id = g.order_id AND o.deleted_at IS NULL
    WHERE g.token_hmac = ANY (ARRAY(SELECT decode(h, 'hex') FROM unnest(p_hmac || p_older) AS h)) AND g.revoked_at IS NULL AND g.expires_at > now();
END;
