-- The JSON of a session, as it is shown. The reason of a held session says only that it is under
-- review; why, its caller isn't told. A session that was let go on is shown as held until the
-- provider has made its part.
CREATE OR REPLACE FUNCTION session_document(s payment_sessions) RETURNS text LANGUAGE sql STABLE
RETURN json_build_object(
    'id', s.id,
    'orderId', s.order_id,
    'orderTotal', money_text(s.amount, s.currency),
    'currency', s.currency,
    'paymentGateway', s.gateway,
    'status', session_shown_status(s.status, s.expires_at),
    'reason', CASE WHEN session_status(s.status, s.expires_at) <> s.status THEN 'expired'
        WHEN s.status IN ('creating', 'needs_review') THEN 'review' ELSE s.reason END,
    'externalTransactionId', s.external_id,
    'captureId', CASE s.gateway WHEN 'paypal' THEN s.external_payment_id END,
    'paymentIntentId', CASE s.gateway WHEN 'stripe'
        THEN coalesce(s.external_payment_id, substring(s.external_id FROM '^pi_.*$')) END,
    'flow', s.flow,
    'redirectUrl', CASE WHEN session_status(s.status, s.expires_at) = 'awaiting_redirect'
        THEN s.redirect_url END,
    'redirectLink', CASE WHEN s.redirect_url IS NOT NULL AND session_status(s.status, s.expires_at)
        IN ('awaiting_redirect', 'awaiting_callback')
        THEN format('/api/v1/payments/sessions/%s/redirect?ticket=', s.id) || s.redirect_ticket END,
    'returnLink', format('/api/v1/payments/sessions/%s/return?ticket=', s.id) || s.return_ticket,
    'webhookData', s.webhook_data,
    'expiresAt', time_text(s.expires_at),
    'createdAt', time_text(s.created_at),
    'updatedAt', time_text(s.updated_at))::text;
