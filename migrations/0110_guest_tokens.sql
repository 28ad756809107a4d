-- Guests may open one order's public view with a token. Of the token only an HMAC is here; the key is the application's.

CREATE TABLE guest_tokens (
    token_hmac bytea PRIMARY KEY CHECK (length(token_hmac) = 32),
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    order_id uuid NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    FOREIGN KEY (order_id, organization_id, customer_id) REFERENCES orders (id, organization_id, customer_id) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE INDEX guest_tokens_order ON guest_tokens (order_id);
CREATE INDEX guest_tokens_expiry ON guest_tokens (expires_at);

-- Gives a live order a token. p_customer: the only customer whose order it may be, or NULL. False: no such order.
CREATE FUNCTION guest_token_create(p_organization uuid, p_order uuid, p_customer uuid, p_hmac bytea, p_valid interval, p_principal text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM guest_tokens g WHERE g.token_hmac IN (SELECT d.token_hmac FROM guest_tokens d WHERE d.expires_at <= now()
        ORDER BY d.expires_at LIMIT 10 FOR UPDATE SKIP LOCKED);
    INSERT INTO guest_tokens (token_hmac, organization_id, customer_id, order_id, created_by, expires_at)
    SELECT p_hmac, o.organization_id, o.customer_id, o.id, p_principal, now() + p_valid
    FROM orders o WHERE o.organization_id = p_organization AND o.id = p_order AND o.deleted_at IS NULL
        AND (p_customer IS NULL OR o.customer_id = p_customer);
    RETURN FOUND;
END $$;

-- Takes back all tokens of an order; how many there were.
CREATE FUNCTION guest_tokens_revoke(p_organization uuid, p_order uuid, p_customer uuid) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    WITH revoked AS (
        UPDATE guest_tokens g SET revoked_at = now()
        WHERE g.organization_id = p_organization AND g.order_id = p_order AND (p_customer IS NULL OR g.customer_id = p_customer)
            AND g.revoked_at IS NULL AND g.expires_at > now()
        RETURNING 1
    )
    SELECT count(*) FROM revoked;
END;

-- What a guest may see of the order: nothing about the customer, the address only as a town.
CREATE FUNCTION guest_order(p_hmac bytea) RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'orderNumber', o.order_number,
        'status', o.status,
        'paymentStatus', o.payment_status,
        'currency', o.currency,
        'totalAmount', money_text(o.total_amount, o.currency),
        'items', coalesce((SELECT json_agg(json_build_object('sku', i.sku, 'name', i.name, 'quantity', i.quantity,
            'unitPrice', money_text(i.unit_price, i.currency)) ORDER BY i.position) FROM order_items i WHERE i.order_id = o.id), '[]'),
        'shipments', coalesce((SELECT json_agg(json_build_object('carrier', s.carrier, 'trackingNumber', s.tracking_number,
            'trackingUrl', s.tracking_url, 'status', s.status, 'shippedAt', time_text(s.shipped_at),
            'deliveredAt', time_text(s.delivered_at)) ORDER BY s.created_at, s.id) FROM shipments s WHERE s.order_id = o.id), '[]'),
        'shippingTo', json_build_object('city', o.shipping_address ->> 'city', 'country', o.shipping_address ->> 'country'),
        'createdAt', time_text(o.created_at),
        'updatedAt', time_text(o.updated_at))::text
    FROM guest_tokens g JOIN orders o ON o.id = g.order_id AND o.deleted_at IS NULL
    WHERE g.token_hmac = p_hmac AND g.revoked_at IS NULL AND g.expires_at > now();
END;
