-- Makes a queued refund of a payment that was recorded by hand: nobody is asked, the operator gives
-- the money back. Again it changes nothing.
--   p_id: as refund_request gave it.
--   xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION manual_refund(p_organization uuid, p_id uuid, p_principal text)
RETURNS TABLE (xid text, tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    p payments;
    r refund_requests;
BEGIN
    xid := pg_current_xact_id()::text;
    SELECT y.* INTO p FROM refund_requests t JOIN payments y ON y.id = t.payment_id
    WHERE t.organization_id = p_organization AND t.id = p_id AND y.provider = 'manual';
    IF FOUND THEN
        PERFORM payment_lock_orders(ARRAY[p.order_id::text], false);
        PERFORM payment_actor(p_principal);
        SELECT * INTO r FROM refund_requests t WHERE t.id = p_id FOR NO KEY UPDATE;
        IF r.state = 'queued' THEN
            PERFORM manual_keep(p);
            INSERT INTO payment_objects (provider, account, kind, object_id, parent_id, state,
                amount, currency, order_reference, changed_at, completed_at, order_id)
            VALUES (p.provider, p.account, 'refund', p_id::text, p.external_id, 'completed',
                r.amount, r.currency, p.order_id::text, now(), now(), p.order_id);
            UPDATE refund_requests t SET state = 'sent', external_id = p_id::text,
                updated_at = now() WHERE t.id = p_id;
            PERFORM payment_fold(ARRAY[p.order_id]);
        END IF;
    END IF;
    tags := announced_tags('{orders,payments,payment_sessions}');
    RETURN NEXT;
END $$;
