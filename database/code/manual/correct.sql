-- Corrects the sum of a payment that was recorded by hand. It is audited with its note.
--   p_amount: a decimal number; 0: nothing was paid at all, the payment has failed.
--   outcome: corrected (also if it is so already); not_found; not_manual; bad_amount (none of the
--     currency, or less than was refunded of it).
--   body: the payment. xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION manual_correct(
    p_organization uuid, p_payment uuid, p_amount text, p_note text, p_principal text)
RETURNS TABLE (outcome text, body text, xid text, tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    p payments;
    was payments;
    wanted CONSTANT numeric := p_amount::numeric;
BEGIN
    xid := pg_current_xact_id()::text;
    tags := '{}';
    SELECT * INTO p FROM payments t WHERE t.organization_id = p_organization AND t.id = p_payment;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    PERFORM payment_lock_orders(ARRAY[p.order_id::text], false);
    PERFORM payment_actor(p_principal);
    SELECT * INTO p FROM payments t WHERE t.id = p_payment FOR NO KEY UPDATE;
    outcome := CASE
        WHEN p.provider <> 'manual' THEN 'not_manual'
        WHEN wanted < p.refunded_amount + coalesce((SELECT sum(r.amount) FROM refund_requests r
            WHERE r.payment_id = p.id AND r.state = 'queued'), 0)
            OR NOT is_amount(wanted, p.currency) THEN 'bad_amount'
        ELSE 'corrected' END;
    IF outcome = 'corrected' THEN
        was := p;
        PERFORM manual_keep(p);
        UPDATE payment_objects b SET changed_at = now(), updated_at = now(),
            state = CASE WHEN wanted = 0 THEN 'cancelled' ELSE 'completed' END,
            amount = CASE WHEN wanted = 0 THEN b.amount ELSE wanted END,
            completed_at = CASE WHEN wanted > 0 THEN coalesce(b.completed_at, now()) END
        WHERE (b.provider, b.account, b.kind, b.object_id)
            = (p.provider, p.account, 'payment', p.external_id);
        PERFORM payment_fold(ARRAY[p.order_id]);
        SELECT * INTO p FROM payments t WHERE t.id = p_payment;
        INSERT INTO payment_audit (actor, relation, organization_id, order_id, before, after)
        VALUES (p_principal, 'manual_payments', p_organization, p.order_id,
            jsonb_build_object('payment', p.id, 'status', was.status, 'amount', was.amount),
            jsonb_strip_nulls(jsonb_build_object('payment', p.id, 'status', p.status,
                'amount', p.amount, 'note', p_note)));
        tags := announced_tags('{orders,payments,payment_sessions}');
    END IF;
    body := manual_document(p);
    RETURN NEXT;
END $$;
