-- Sees to it that a payment which somebody recorded by hand is an object, like a provider's: the
-- fold makes payments of objects. Older ones are rows of payments alone.
CREATE OR REPLACE FUNCTION manual_keep(p payments) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO payment_objects (provider, account, kind, object_id, state, amount, currency,
        order_reference, changed_at, completed_at, order_id, refunded_total, refunded_total_at)
    SELECT p.provider, p.account, 'payment', p.external_id,
        CASE WHEN p.captured_at IS NULL THEN 'cancelled' ELSE 'completed' END, p.amount, p.currency,
        p.order_id::text, now(), p.captured_at, p.order_id, nullif(p.refunded_amount, 0),
        CASE WHEN p.refunded_amount > 0 THEN now() END
    WHERE p.provider = 'manual'
    ON CONFLICT (provider, account, kind, object_id) DO NOTHING;
END;
