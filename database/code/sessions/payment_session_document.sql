-- As in 0111, and reason says that a held one is under review; why, its caller isn't told. One that was let go on is shown as held until
-- the provider has made its part.
CREATE OR REPLACE FUNCTION payment_session_document(s payment_sessions) RETURNS text LANGUAGE sql STABLE
RETURN json_build_object(
    'id', s.id,
    'orderId', s.order_id,
    'orderTotal', money_text(s.amount, s.currency),
    'currency', s.currency,
    'paymentGateway', s.gateway,
    'status', CASE payment_session_status(s.status, s.expires_at) WHEN 'creating' THEN 'needs_review'
        ELSE payment_session_status(s.status, s.expires_at) END,
    'reason', CASE WHEN payment_session_status(s.status, s.expires_at) <> s.status THEN 'expired'
        WHEN s.status IN ('creating', 'needs_review') THEN 'review' ELSE s.reason END,
    'externalTransactionId', s.external_id,
    'redirectUrl', CASE WHEN payment_session_status(s.status, s.expires_at) = 'awaiting_redirect' THEN s.redirect_url END,
    'webhookData', s.webhook_data,
    'expiresAt', time_text(s.expires_at),
    'createdAt', time_text(s.created_at),
    'updatedAt', time_text(s.updated_at))::text;
