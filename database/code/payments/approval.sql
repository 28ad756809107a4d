-- The session that waits for an order which the shopper has approved at the provider. The order is
-- captured only if one of our sessions still waits for it, and for the sum that it has now.
-- No row: it isn't to be captured.
--   p_external: the provider's order. session: its id.
--   refusals: how often its capture was refused.
CREATE OR REPLACE FUNCTION payment_approval(p_gateway text, p_external text)
RETURNS TABLE (session text, refusals integer) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.id::text, s.capture_refusals FROM payment_sessions s JOIN orders o ON o.id = s.order_id
    WHERE s.gateway = p_gateway AND s.external_id = p_external
        AND s.status IN ('awaiting_redirect', 'awaiting_callback')
        AND s.expires_at > now() AND o.deleted_at IS NULL AND o.status <> 'cancelled'
        AND o.payment_status IN ('unpaid', 'failed')
        AND (o.total_amount, o.currency) = (s.amount, s.currency);
END;
