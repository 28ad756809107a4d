-- The JSON of a payment that was recorded by hand.
CREATE OR REPLACE FUNCTION manual_document(p payments) RETURNS text LANGUAGE sql STABLE
RETURN json_build_object(
    'id', p.id,
    'orderId', p.order_id,
    'reference', p.external_id,
    'status', p.status,
    'amount', money_text(p.amount, p.currency),
    'refundedAmount', money_text(p.refunded_amount, p.currency),
    'currency', p.currency,
    'receivedAt', time_text(p.captured_at),
    'orderPaymentStatus', (SELECT o.payment_status FROM orders o WHERE o.id = p.order_id))::text;
