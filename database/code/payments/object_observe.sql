-- Takes in one observation of an object. The caller has locked the payment.
--   p_object: the JSON of commerce's ProviderObject.
--   p_refused: the reason why the object must not count for any order, or NULL.
CREATE OR REPLACE FUNCTION payment_object_observe(p_provider text, p_account text, p_object jsonb,
    p_refused text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    seen CONSTANT timestamptz := coalesce((p_object ->> 'changed_at')::timestamptz, '-infinity');
    total CONSTANT numeric := p_object ->> 'refunded_total';
    ended CONSTANT timestamptz := CASE WHEN p_object ->> 'kind' = 'refund'
        AND p_object ->> 'state' IN ('failed', 'cancelled') THEN nullif(seen, '-infinity') END;
BEGIN
    INSERT INTO payment_objects AS o (provider, account, kind, object_id, parent_id, alias, state,
        amount, currency, fee, fee_currency, fee_at, refunded_total,
        refunded_total_at, reversal, order_reference, external_order, payee, changed_at,
            completed_at, ended_at, returned, due_at, refused)
    VALUES (p_provider, p_account, p_object ->> 'kind', p_object ->> 'id', p_object ->> 'parent',
        p_object ->> 'alias',
        p_object ->> 'state', (p_object ->> 'amount')::numeric, p_object ->> 'currency',
        (p_object ->> 'fee')::numeric, p_object ->> 'fee_currency',
        CASE WHEN p_object ->> 'fee' IS NOT NULL THEN seen END, total,
        CASE WHEN total IS NOT NULL
            THEN seen END, coalesce((p_object ->> 'reversal')::boolean, false),
        p_object ->> 'order_reference', p_object ->> 'external_order', p_object ->> 'payee', seen,
        CASE WHEN p_object ->> 'state' = 'completed' THEN nullif(seen, '-infinity') END, ended,
        (p_object ->> 'returned')::numeric, (p_object ->> 'due_at')::timestamptz, p_refused)
    ON CONFLICT (provider, account, kind, object_id) DO UPDATE SET
        parent_id = coalesce(o.parent_id, excluded.parent_id),
        -- Of several attempts the one that took the money is the one that can be refunded.
        alias = CASE WHEN excluded.state = 'completed' THEN coalesce(excluded.alias, o.alias)
            ELSE coalesce(o.alias, excluded.alias) END,
        reversal = o.reversal OR excluded.reversal,
        order_reference = coalesce(o.order_reference, excluded.order_reference),
        contested = o.contested OR coalesce(o.order_reference <> excluded.order_reference, false),
        external_order = coalesce(o.external_order, excluded.external_order),
        payee = coalesce(o.payee, excluded.payee),
        completed_at = least(o.completed_at, excluded.completed_at),
        ended_at = least(o.ended_at, excluded.ended_at),
        refused = coalesce(excluded.refused, CASE WHEN o.order_id IS NULL THEN NULL
            ELSE o.refused END),
        -- The newest sum, the greater one at the same moment.
        (refunded_total, refunded_total_at) = (
            SELECT t.total, t.at FROM (VALUES (o.refunded_total, o.refunded_total_at),
                (excluded.refunded_total, excluded.refunded_total_at)) AS t (total, at)
            ORDER BY t.at DESC NULLS LAST, t.total DESC NULLS LAST LIMIT 1),
        -- And the newest fee that was told.
        (fee, fee_currency, fee_at) = (
            SELECT t.fee, t.currency, t.at FROM (VALUES (o.fee, o.fee_currency, o.fee_at),
                (excluded.fee, excluded.fee_currency, excluded.fee_at)) AS t (fee, currency, at)
            ORDER BY t.at DESC NULLS LAST, t.fee DESC NULLS LAST, t.currency LIMIT 1),
        updated_at = now();

    UPDATE payment_objects o SET
        state = p_object ->> 'state',
        amount = (p_object ->> 'amount')::numeric,
        currency = p_object ->> 'currency',
        returned = (p_object ->> 'returned')::numeric,
        due_at = (p_object ->> 'due_at')::timestamptz,
        changed_at = seen
    WHERE o.provider = p_provider AND o.account = p_account AND o.kind = p_object ->> 'kind'
        AND o.object_id = p_object ->> 'id'
        AND (payment_object_finality(o.kind, p_object ->> 'state'), seen,
            payment_object_rank(p_object ->> 'state'),
            coalesce((p_object ->> 'amount')::numeric, 0),
            coalesce((p_object ->> 'returned')::numeric, 0),
            coalesce((p_object ->> 'due_at')::timestamptz, '-infinity'))
            > (payment_object_finality(o.kind, o.state), o.changed_at, payment_object_rank(o.state),
                coalesce(o.amount, 0), coalesce(o.returned, 0), coalesce(o.due_at, '-infinity'));
    IF p_object ->> 'kind' = 'refund' THEN
        PERFORM refund_observed(p_provider, p_account, p_object);
    END IF;
END $$;
