-- Records a payment that was made otherwise than by a provider: a bank transfer, cash. It counts as
-- a provider's does, and it is audited.
--   p_amount: a decimal number, NULL for what the order still wants. p_reference: what names the
--     payment where it was made, unique in the organisation; NULL: p_id. p_received_at: RFC 3339,
--     NULL for now. p_note: for the audit, or NULL.
--   outcome: recorded; replay (body: the answer of that time); mismatch (the key was used for
--     another body); not_found; bad_amount (none of the currency, or nothing is wanted);
--     known_reference (another payment has it).
--   body: the payment. xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION manual_record(
    p_organization uuid, p_order uuid, p_amount text, p_reference text, p_received_at text,
    p_note text, p_principal text, p_key text, p_body_hash text, p_id uuid)
RETURNS TABLE (outcome text, body text, xid text, tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    o orders;
    p payments;
    taken record;
    folded record;
    sum_paid numeric;
    v_reference CONSTANT text := coalesce(p_reference, p_id::text);
    v_route CONSTANT text := format('POST /orders/%s/payments', p_order);
BEGIN
    xid := pg_current_xact_id()::text;
    tags := '{}';
    PERFORM payment_lock_orders(ARRAY[p_order::text], false);
    PERFORM payment_actor(p_principal);
    SELECT * INTO o FROM orders t
    WHERE t.organization_id = p_organization AND t.id = p_order AND t.deleted_at IS NULL
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT * INTO taken FROM take_idempotency_key(p_organization, p_principal, v_route, p_key,
        p_body_hash);
    IF taken.outcome <> 'taken' THEN
        outcome := taken.outcome;
        body := taken.body;
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT * INTO folded FROM order_payment_state(o);
    sum_paid := coalesce(p_amount::numeric, o.total_amount - folded.captured + folded.refunded);
    outcome := CASE
        WHEN sum_paid <= 0 OR NOT is_amount(sum_paid, o.currency) THEN 'bad_amount'
        WHEN EXISTS (SELECT FROM payment_objects b WHERE b.provider = 'manual'
            AND b.account = p_organization::text AND b.kind = 'payment'
            AND b.object_id = v_reference) THEN 'known_reference'
        ELSE 'recorded' END;
    IF outcome <> 'recorded' THEN
        -- A refused request frees its key.
        PERFORM free_idempotency_key(p_organization, p_principal, v_route, p_key);
        RETURN NEXT;
        RETURN;
    END IF;
    INSERT INTO payment_objects (provider, account, kind, object_id, state, amount, currency,
        order_reference, changed_at, completed_at, order_id)
    VALUES ('manual', p_organization::text, 'payment', v_reference, 'completed', sum_paid,
        o.currency, p_order::text, now(), coalesce(p_received_at::timestamptz, now()), p_order);
    PERFORM payment_fold(ARRAY[p_order]);
    SELECT * INTO p FROM payments t WHERE t.provider = 'manual'
        AND t.account = p_organization::text AND t.external_id = v_reference;
    INSERT INTO payment_audit (actor, relation, organization_id, order_id, before, after)
    VALUES (p_principal, 'manual_payments', p_organization, p_order, NULL,
        jsonb_strip_nulls(jsonb_build_object('payment', p.id, 'amount', p.amount, 'note', p_note)));
    body := manual_document(p);
    PERFORM answer_idempotency_key(p_organization, p_principal, v_route, p_key, manual_record.body);
    tags := announced_tags('{orders,payments,payment_sessions}');
    RETURN NEXT;
END $$;
