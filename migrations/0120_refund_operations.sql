-- What operators do with money: refunds, shown and sent; captures; and what a provider's answer to them says.

-- A refund that was asked for, as it is shown.
CREATE FUNCTION refund_request_document(r refund_requests) RETURNS text LANGUAGE sql STABLE
RETURN json_build_object(
    'id', r.id,
    'paymentId', r.payment_id,
    'orderId', r.order_id,
    'amount', money_text(r.amount, r.currency),
    'currency', r.currency,
    'note', r.note,
    'status', r.state,
    'reason', r.reason,
    'externalRefundId', r.external_id,
    'attempts', r.attempts,
    'createdAt', time_text(r.created_at),
    'updatedAt', time_text(r.updated_at))::text;

CREATE FUNCTION refund_request_get(p_organization uuid, p_id uuid) RETURNS TABLE (body text, state text, reason text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT refund_request_document(r), r.state, r.reason FROM refund_requests r WHERE r.organization_id = p_organization AND r.id = p_id;
END;

-- The refunds that were asked for of one payment, the newest first. No row: no such payment.
CREATE FUNCTION refund_requests_list(p_organization uuid, p_payment uuid) RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object('items', coalesce((SELECT json_agg(refund_request_document(r)::json ORDER BY r.created_at DESC, r.id)
        FROM refund_requests r WHERE r.payment_id = p.id), '[]'))::text
    FROM payments p WHERE p.organization_id = p_organization AND p.id = p_payment;
END;

DROP FUNCTION refund_requests_claim(integer, interval);

-- Takes refunds to send, each for p_lease: those that are due, or the one that is named, due or not (somebody has asked for it again). One
-- whose fate is unknown for longer than the provider remembers its id isn't sent again.
CREATE FUNCTION refund_requests_claim(p_limit integer, p_lease interval, p_only uuid DEFAULT NULL)
RETURNS TABLE (request uuid, lease uuid, organization text, order_id text, provider text, account text, payment text, amount text,
    currency text, note text, attempts integer) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM payment_actor('refund-queue');
    UPDATE refund_requests r SET state = 'needs_review', reason = 'fate-unknown', leased_until = NULL, lease = NULL, updated_at = now()
    FROM payments p
    WHERE p.id = r.payment_id AND r.state = 'queued' AND r.first_attempt_at < now() - provider_remembers(p.provider)
        AND coalesce(r.leased_until, '-infinity') <= now() AND (p_only IS NULL OR r.id = p_only);
    RETURN QUERY
    WITH taken AS (
        UPDATE refund_requests r SET attempts = r.attempts + 1, first_attempt_at = coalesce(r.first_attempt_at, now()),
            leased_until = now() + p_lease, lease = gen_random_uuid(), updated_at = now()
        WHERE r.id IN (SELECT d.id FROM refund_requests d WHERE d.state = 'queued'
            AND CASE WHEN p_only IS NULL THEN d.next_attempt_at <= now() ELSE d.id = p_only END
            AND coalesce(d.leased_until, '-infinity') <= now() ORDER BY d.next_attempt_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
        RETURNING r.*
    )
    SELECT t.id, t.lease, t.organization_id::text, t.order_id::text, p.provider, p.account, p.external_id,
        money_text(t.amount, t.currency), t.currency::text, t.note, t.attempts
    FROM taken t JOIN payments p ON p.id = t.payment_id;
END $$;

-- What a provider's own answer says of its objects takes effect at once, in one transaction, as an event that p_source names. Where it
-- can't be applied yet nothing is kept: the provider's event will bring it.
CREATE FUNCTION payment_observed(p_provider text, p_account text, p_source text, p_kind text, p_objects jsonb)
RETURNS TABLE (outcome text, reason text, payment_status text, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e uuid;
    a record;
BEGIN
    SELECT r.event INTO e FROM payment_event_record(p_provider, p_account, p_source, p_kind, encode(sha256(convert_to(p_objects::text, 'UTF8')), 'hex'),
        NULL, NULL, NULL, now(), 'received', NULL, interval '1 day') AS r;
    SELECT * INTO a FROM payment_event_apply(e, p_objects, true);
    IF a.outcome = 'waiting' THEN
        DELETE FROM webhook_events w WHERE w.id = e;
    END IF;
    RETURN QUERY SELECT a.outcome, a.reason, a.payment_status, coalesce(a.xid, ''), a.tags;
END $$;

-- What can be captured: a payment that is authorized, or what was opened by a payment session, by the id of either.
--   outcome: capture; replay (body: the stored answer); mismatch (the key was used for another body); not_found; not_capturable (status:
--   what it is instead, or what keeps the order from being paid: see not_payable).
--   what: paypal_order, paypal_authorization, stripe_payment_intent; external_id: of it. account: NULL for an order that nothing was paid of.
CREATE FUNCTION payment_capture_begin(p_organization uuid, p_id uuid, p_principal text, p_key text, p_body_hash text)
RETURNS TABLE (outcome text, status text, what text, provider text, account text, external_id text, currency text, order_id text, body text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    p payments;
    s payment_sessions;
    b payment_objects;
    o orders;
    asked payment_sessions;
    taken record;
    route text := format('POST /payments/%s/capture', p_id);
BEGIN
    SELECT * INTO p FROM payments t WHERE t.organization_id = p_organization AND t.id = p_id;
    IF NOT FOUND THEN
        SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization AND t.id = p_id AND t.external_id IS NOT NULL;
        IF NOT FOUND THEN
            outcome := 'not_found';
            RETURN NEXT;
            RETURN;
        END IF;
        -- Stripe opens the payment itself.
        SELECT * INTO p FROM payments t WHERE t.order_id = s.order_id AND t.provider = s.gateway AND t.external_order_id = s.external_id
        ORDER BY t.status = 'authorized' DESC, t.created_at DESC LIMIT 1;
        SELECT * INTO b FROM payment_objects o WHERE o.order_id = s.order_id AND o.provider = s.gateway AND o.kind = 'authorization'
            AND o.external_order = s.external_id ORDER BY o.state = 'authorized' DESC, o.changed_at DESC LIMIT 1;
    END IF;

    SELECT * INTO taken FROM take_idempotency_key(p_organization, p_principal, route, p_key, p_body_hash);
    IF taken.outcome = 'mismatch' OR taken.body IS NOT NULL THEN
        outcome := taken.outcome;
        body := taken.body;
        RETURN NEXT;
        RETURN;
    END IF;

    order_id := coalesce(p.order_id, s.order_id)::text;
    provider := coalesce(p.provider, s.gateway);
    account := coalesce(p.account, b.account, s.account);
    currency := coalesce(p.currency, s.currency);
    outcome := 'capture';
    SELECT * INTO o FROM orders t WHERE t.id = coalesce(p.order_id, s.order_id);
    -- What the shopper was asked for.
    asked := s;
    IF s.id IS NULL THEN
        SELECT * INTO asked FROM payment_sessions t
        WHERE t.order_id = p.order_id AND t.gateway = p.provider AND t.external_id IN (p.external_order_id, p.external_id);
    END IF;
    CASE
        WHEN b.state = 'authorized' THEN what := 'paypal_authorization'; external_id := b.object_id;
        WHEN p.status = 'authorized' AND p.provider = 'stripe' THEN what := 'stripe_payment_intent'; external_id := p.external_id;
        -- Also after an attempt that failed: the shopper may have approved another.
        WHEN coalesce(p.status, 'failed') = 'failed' AND s.gateway = 'paypal' AND payment_session_status(s.status, s.expires_at) IN ('awaiting_redirect', 'awaiting_callback')
            THEN what := 'paypal_order'; external_id := s.external_id;
        ELSE
            outcome := 'not_capturable';
            status := coalesce(p.status, b.state, payment_session_status(s.status, s.expires_at));
    END CASE;
    IF outcome = 'capture' THEN
        -- What was reserved without a session of ours may be a part of the order, not more than it.
        status := coalesce(nullif(not_payable(o), 'authorized'), CASE
            WHEN asked.id IS NOT NULL AND (asked.amount, asked.currency) <> (o.total_amount, o.currency)
                OR asked.id IS NULL AND (p.amount > o.total_amount OR p.currency <> o.currency) THEN 'order-changed' END);
        IF status IS NOT NULL THEN
            outcome := 'not_capturable';
        END IF;
    END IF;
    IF outcome = 'not_capturable' THEN
        -- A refused request frees its key.
        DELETE FROM idempotency_keys k WHERE k.principal = p_principal AND k.route = route AND k.key = p_key
            AND k.organization_id = p_organization AND k.body IS NULL;
    END IF;
    RETURN NEXT;
END $$;

-- What was answered to a capture, for whoever sends the same request again.
CREATE FUNCTION payment_capture_done(p_organization uuid, p_id uuid, p_principal text, p_key text, p_body text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE idempotency_keys k SET body = p_body WHERE k.principal = p_principal AND k.route = format('POST /payments/%s/capture', p_id)
        AND k.key = p_key AND k.organization_id = p_organization;
END;
