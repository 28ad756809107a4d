-- Books payments that were written while no trigger fired, as they stand, at the time of their
-- capture or last change. Gives the number of rows.
CREATE OR REPLACE FUNCTION transaction_book_all() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    booked bigint;
BEGIN
    INSERT INTO payment_transactions (organization_id, order_id, payment_id, provider, account,
        external_id, type, amount, currency, created_at)
    SELECT p.organization_id, p.order_id, p.id, p.provider, p.account, p.external_id, t.type,
        t.amount, t.currency, coalesce(p.captured_at, p.updated_at)
    FROM payments p, LATERAL (VALUES
        (CASE p.provider WHEN 'manual' THEN 'manual' ELSE 'capture' END,
            CASE WHEN p.captured_at IS NOT NULL THEN p.amount ELSE 0 END, p.currency),
        (CASE p.status WHEN 'reversed' THEN 'reversal' ELSE 'refund' END, -p.refunded_amount,
            p.currency),
        ('authorization', CASE p.status WHEN 'authorized' THEN p.amount ELSE 0 END, p.currency),
        -- By name: a numbered file that is older than the columns calls this.
        ('fee', CASE WHEN p.captured_at IS NOT NULL THEN -(to_jsonb(p) ->> 'fee')::numeric END,
            to_jsonb(p) ->> 'fee_currency')
    ) AS t (type, amount, currency)
    WHERE t.amount <> 0
        AND NOT EXISTS (SELECT FROM payment_transactions b WHERE b.payment_id = p.id);
    GET DIAGNOSTICS booked = ROW_COUNT;
    RETURN booked;
END $$;
