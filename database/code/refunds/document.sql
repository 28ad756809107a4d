-- The JSON of a refund that was asked for.
CREATE OR REPLACE FUNCTION refund_document(r refund_requests) RETURNS text LANGUAGE sql STABLE
RETURN json_build_object(
    'id', r.id,
    'paymentId', r.payment_id,
    'orderId', r.order_id,
    'amount', money_text(r.amount, r.currency),
    'currency', r.currency,
    'note', r.note,
    'status', r.state,
    'reason', r.reason,
    'externalRefundId', r.external_id,
    'attempts', r.attempts,
    'createdAt', time_text(r.created_at),
    'updatedAt', time_text(r.updated_at))::text;
