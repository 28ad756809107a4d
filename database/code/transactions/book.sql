-- Books what a change of a payment has moved: for each type what the payment says now, less what it
-- said before. So whatever order its events came in, its rows come to the same.
-- SECURITY DEFINER: a writer of payments needs no right on the ledger.
CREATE OR REPLACE FUNCTION transaction_book() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    was payments;
    is_now payments;
    -- The name of money that went back.
    back text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := OLD;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        is_now := NEW;
    END IF;
    back := CASE WHEN 'reversed' NOT IN (coalesce(was.status, ''), coalesce(is_now.status, ''))
            THEN 'refund'
        WHEN coalesce(is_now.disputes, was.disputes) = '[]' THEN 'reversal' ELSE 'dispute' END;
    INSERT INTO payment_transactions (organization_id, order_id, payment_id, provider, account,
        external_id, type, amount, currency)
    SELECT p.organization_id, p.order_id, p.id, p.provider, p.account, p.external_id, t.type,
        sum(t.amount), t.currency
    FROM (SELECT coalesce(is_now, was) AS p) AS one, LATERAL (SELECT (one.p).*) AS p,
    LATERAL (
        SELECT CASE p.provider WHEN 'manual' THEN 'manual' ELSE 'capture' END AS type,
            CASE WHEN s.captured_at IS NOT NULL THEN s.sign * s.amount ELSE 0 END AS amount,
            s.currency
        FROM (VALUES (-1, was.captured_at, was.amount, was.currency),
            (1, is_now.captured_at, is_now.amount, is_now.currency))
            AS s (sign, captured_at, amount, currency)
        UNION ALL
        SELECT back, -s.sign * s.refunded, s.currency
        FROM (VALUES (-1, was.refunded_amount, was.currency),
            (1, is_now.refunded_amount, is_now.currency)) AS s (sign, refunded, currency)
        UNION ALL
        SELECT 'authorization', CASE s.status WHEN 'authorized' THEN s.sign * s.amount ELSE 0 END,
            s.currency
        FROM (VALUES (-1, was.status, was.amount, was.currency),
            (1, is_now.status, is_now.amount, is_now.currency))
            AS s (sign, status, amount, currency)
        UNION ALL
        -- What the provider keeps of what came in, in a currency of its own. A numbered file that
        -- is older than the columns may let this fire, so they are asked for by name.
        SELECT 'fee', CASE WHEN s.captured_at IS NOT NULL THEN -s.sign * s.fee ELSE 0 END,
            s.currency
        FROM (VALUES (-1, was.captured_at, (to_jsonb(was) ->> 'fee')::numeric,
                to_jsonb(was) ->> 'fee_currency'),
            (1, is_now.captured_at, (to_jsonb(is_now) ->> 'fee')::numeric,
                to_jsonb(is_now) ->> 'fee_currency'))
            AS s (sign, captured_at, fee, currency)
    ) AS t
    WHERE t.currency IS NOT NULL
    GROUP BY p.organization_id, p.order_id, p.id, p.provider, p.account, p.external_id, t.type,
        t.currency
    HAVING sum(t.amount) <> 0
    ORDER BY t.type;
    RETURN NULL;
END $$;
