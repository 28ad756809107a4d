-- Settles a refund of unknown fate by an operator's word. The word and its note are audited.
--   p_external: the provider's refund, which has been folded before; NULL: none was made, so its
--     money is free again. If the provider tells of one later all the same, that counts.
--   p_note: for the audit; NULL for none.
--   outcome: settled (before, too); not_found; in_work (somebody is sending it now); not_open
--     (status: it was sent or has failed before); another_refund (the provider's refund is of
--     another payment or sum, or answers another request).
--   body: the refund as it is shown.
CREATE OR REPLACE FUNCTION refund_settle(
    p_organization uuid, p_id uuid, p_principal text, p_external text, p_note text)
RETURNS TABLE (outcome text, status text, body text) LANGUAGE plpgsql AS $$
DECLARE
    r refund_requests;
    was text;
BEGIN
    PERFORM payment_actor(p_principal);
    SELECT * INTO r FROM refund_requests t
    WHERE t.organization_id = p_organization AND t.id = p_id FOR NO KEY UPDATE;
    was := r.state;
    outcome := CASE
        WHEN r.id IS NULL THEN 'not_found'
        WHEN r.leased_until > now() THEN 'in_work'
        WHEN r.state = 'sent' AND r.external_id = p_external
            OR r.state = 'failed' AND p_external IS NULL THEN 'settled'
        WHEN r.state NOT IN ('queued', 'needs_review') THEN 'not_open'
        WHEN p_external IS NOT NULL AND (
            NOT EXISTS (SELECT FROM payments p JOIN payment_objects b
                ON (b.provider, b.account) = (p.provider, p.account)
                WHERE p.id = r.payment_id AND b.kind = 'refund' AND b.object_id = p_external
                    AND b.order_id = r.order_id
                    AND (b.amount, b.currency) = (r.amount, r.currency))
            OR EXISTS (SELECT FROM refund_requests t WHERE t.payment_id = r.payment_id
                AND t.external_id = p_external)) THEN 'another_refund'
        ELSE 'settled' END;
    IF outcome = 'settled' AND r.state IN ('queued', 'needs_review') THEN
        UPDATE refund_requests t SET external_id = p_external, lease = NULL, leased_until = NULL,
            state = CASE WHEN p_external IS NULL THEN 'failed' ELSE 'sent' END,
            reason = CASE WHEN p_external IS NULL THEN 'settled-by-operator' END,
            updated_at = now()
        WHERE t.id = p_id RETURNING t.* INTO r;
        INSERT INTO payment_audit (actor, relation, organization_id, order_id, before, after)
        VALUES (p_principal, 'refund_settlements', r.organization_id, r.order_id,
            jsonb_build_object('refund', p_id, 'state', was),
            jsonb_strip_nulls(jsonb_build_object('refund', p_id, 'state', r.state,
                'externalRefundId', p_external, 'note', p_note)));
    END IF;
    status := r.state;
    body := CASE WHEN r.id IS NOT NULL THEN refund_document(r) END;
    RETURN NEXT;
END $$;
