-- A cart as it is shown: the fields of the order that is wanted, between its id and its times.
CREATE OR REPLACE FUNCTION checkout_document(c checkout_sessions) RETURNS text LANGUAGE sql STABLE
RETURN (jsonb_build_object('id', c.checkout_id,
        'status', CASE WHEN c.order_id IS NULL THEN 'open' ELSE 'ordered' END,
        'orderId', c.order_id)
    || c.request
    || jsonb_build_object('updatedAt', time_text(c.updated_at),
        'expiresAt', time_text(c.expires_at)))::text;
