-- Notes at the sessions of orders the payment that was made through each at its provider: a
-- captured one rather than another, the newest of several.
-- In plpgsql, since a session keeps its plans: every fold runs this.
CREATE OR REPLACE FUNCTION session_paid_through(p_orders uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_sessions s SET external_payment_id = l.external_id, updated_at = now()
    FROM (
        SELECT t.id, p.external_id FROM payment_sessions t CROSS JOIN LATERAL (
            SELECT y.external_id FROM payments y
            WHERE y.order_id = t.order_id AND y.provider = t.gateway
                AND t.external_id IN (y.external_order_id, y.external_id)
            ORDER BY y.captured_at IS NOT NULL DESC, y.created_at DESC, y.external_id LIMIT 1) AS p
        WHERE t.order_id = ANY (p_orders)) AS l
    WHERE s.id = l.id AND s.external_payment_id IS DISTINCT FROM l.external_id;
END $$;
