-- A cart as it is shown: the fields of the order that is wanted, between its id and its times. The
-- last good cart of a user whose service was away is marked until another cart is put: the shopper
-- should look at it before it is ordered.
CREATE OR REPLACE FUNCTION checkout_document(c checkout_sessions) RETURNS text LANGUAGE sql STABLE
RETURN (jsonb_build_object('id', c.checkout_id,
        'status', CASE WHEN c.order_id IS NULL THEN 'open' ELSE 'ordered' END,
        'orderId', c.order_id)
    || c.request
    || jsonb_build_object('fromCache', c.cart_as_of IS NOT NULL,
        'requiresVerification', c.cart_as_of IS NOT NULL,
        'cartAsOf', time_text(c.cart_as_of),
        'updatedAt', time_text(c.updated_at),
        'expiresAt', time_text(c.expires_at)))::text;
