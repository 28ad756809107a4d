-- The JSON of a transaction.
CREATE OR REPLACE FUNCTION transaction_document(t payment_transactions) RETURNS json
LANGUAGE sql STABLE
RETURN json_build_object(
    'id', t.id,
    'orderId', t.order_id,
    'paymentId', t.payment_id,
    'provider', t.provider,
    'account', t.account,
    'externalTransactionId', t.external_id,
    'type', t.type,
    'amount', money_text(t.amount, t.currency),
    'currency', t.currency,
    'createdAt', time_text(t.created_at));
