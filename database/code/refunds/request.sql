-- Queues a refund.
--   p_amount: a decimal number, NULL for all that is left. p_note: NULL for none.
--   p_key: the Idempotency-Key. p_body_hash: of the request's body. p_id: the id to give.
--   outcome: queued; by_hand (the same, or again, of a payment that was recorded by hand: the
--     caller makes it by manual_refund); replay (same key, same body); mismatch (same key, another
--     body); not_found;
--     not_refundable (nothing is captured, or it is disputed or reversed); too_much (more than is
--     left after the refunds under way).
--   request: the refund that stands under this key.
-- It changes no order yet: nothing has to be invalidated.
CREATE OR REPLACE FUNCTION refund_request(
    p_organization uuid, p_payment uuid, p_amount text, p_note text, p_principal text, p_key text,
    p_body_hash text, p_id uuid)
RETURNS TABLE (outcome text, request text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    p payments;
    available numeric;
    wanted numeric;
BEGIN
    PERFORM payment_actor(p_principal);
    SELECT * INTO p FROM payments y
    WHERE y.organization_id = p_organization AND y.id = p_payment FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT CASE WHEN r.body_hash <> p_body_hash OR r.payment_id <> p_payment THEN 'mismatch'
        WHEN p.provider = 'manual' THEN 'by_hand' ELSE 'replay' END, r.id::text
    INTO outcome, request
    FROM refund_requests r
    WHERE r.organization_id = p_organization AND r.principal = p_principal
        AND r.idempotency_key = p_key;
    IF FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    -- A sent refund shows up in refunded_amount once the provider has told us that it is completed;
    -- until then its request counts here. Both may count for a moment: that is too careful, and
    -- never too generous.
    SELECT p.amount - p.refunded_amount - coalesce(sum(r.amount), 0) INTO available
    FROM refund_requests r
    WHERE r.payment_id = p.id AND (r.state IN ('queued', 'needs_review')
        OR r.state = 'sent' AND NOT EXISTS (SELECT FROM payment_objects b
            WHERE b.provider = p.provider AND b.account = p.account AND b.kind = 'refund'
                AND b.object_id = r.external_id
                AND b.state IN ('completed', 'failed', 'cancelled')));
    wanted := coalesce(p_amount::numeric, available);
    IF p.status NOT IN ('paid', 'partially_refunded') THEN
        outcome := 'not_refundable';
    ELSIF wanted <= 0 OR wanted > available OR NOT is_amount(wanted, p.currency) THEN
        outcome := 'too_much';
    ELSE
        INSERT INTO refund_requests (id, organization_id, order_id, payment_id, amount, currency,
            note, principal, idempotency_key, body_hash)
        VALUES (p_id, p_organization, p.order_id, p_payment, wanted, p.currency,
            p_note, p_principal, p_key, p_body_hash);
        outcome := CASE p.provider WHEN 'manual' THEN 'by_hand' ELSE 'queued' END;
        request := p_id::text;
    END IF;
    RETURN NEXT;
END $$;
