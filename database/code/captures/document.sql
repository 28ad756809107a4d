-- The JSON of the answer to a capture, from what is known of the payment.
--   p_id: the payment or the session that was to be captured.
CREATE OR REPLACE FUNCTION capture_document(p_id uuid, p payments) RETURNS text
LANGUAGE sql STABLE
RETURN json_build_object(
    'id', p_id,
    'orderId', p.order_id,
    'orderPaymentStatus', (SELECT o.payment_status FROM orders o WHERE o.id = p.order_id),
    'captures', json_build_array(json_build_object(
        'externalTransactionId', p.external_id,
        'status', 'completed',
        'amount', money_text(p.amount, p.currency),
        'currency', p.currency)))::text;
