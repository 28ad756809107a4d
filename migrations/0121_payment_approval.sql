-- An order at a provider that the shopper has approved is captured only where one of our sessions still waits for it, and for the sum that
-- the order has now. The session's id; no row: hands off.
CREATE FUNCTION payment_approval(p_gateway text, p_external text) RETURNS TABLE (session text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.id::text FROM payment_sessions s JOIN orders o ON o.id = s.order_id
    WHERE s.gateway = p_gateway AND s.external_id = p_external AND s.status IN ('awaiting_redirect', 'awaiting_callback')
        AND s.expires_at > now() AND o.deleted_at IS NULL AND o.status <> 'cancelled'
        AND o.payment_status IN ('unpaid', 'failed') AND (o.total_amount, o.currency) = (s.amount, s.currency);
END;
