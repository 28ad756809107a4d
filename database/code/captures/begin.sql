-- Finds what can be captured: an authorized payment, or what a payment session has opened.
--   p_id: the payment or the session. p_key: the Idempotency-Key. p_body_hash: of the body.
--   p_amount: a decimal number, NULL for all of it. p_lease: for how many seconds no other session
--     of an approved order is begun or captured.
--   outcome: capture; replay (body: the stored answer, or what has come of a capture that nobody
--     was answered); mismatch (the key was used for another body); not_found; not_capturable
--     (status: what it is instead, or what keeps the order from being paid, as not_payable or
--     approval_hindrance says it).
--   what: paypal_order, paypal_authorization or stripe_payment_intent. external_id: its id.
--   account: NULL for an order that nothing was paid of.
--   refusals: the number of refused captures of what the session has opened. A provider answers a
--     request id always the same, so a refused capture is asked for again under another id.
-- It changes no order: nothing has to be invalidated.
CREATE OR REPLACE FUNCTION capture_begin(p_organization uuid, p_id uuid, p_principal text,
    p_key text, p_body_hash text, p_amount text DEFAULT NULL, p_lease bigint DEFAULT 60)
RETURNS TABLE (outcome text, status text, what text, provider text, account text, external_id text,
    currency text, order_id text, body text,
    refusals integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    p payments;
    s payment_sessions;
    b payment_objects;
    o orders;
    asked payment_sessions;
    taken record;
    v_route CONSTANT text := format('POST /payments/%s/capture', p_id);
BEGIN
    SELECT * INTO p FROM payments t WHERE t.organization_id = p_organization AND t.id = p_id;
    IF NOT FOUND THEN
        SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization
            AND t.id = p_id AND t.external_id IS NOT NULL;
        IF NOT FOUND THEN
            outcome := 'not_found';
            RETURN NEXT;
            RETURN;
        END IF;
        -- Decided under the order's lock, as approval_begin does.
        PERFORM payment_lock_orders(ARRAY[s.order_id::text], false);
        PERFORM FROM orders t WHERE t.id = s.order_id FOR NO KEY UPDATE;
        SELECT * INTO s FROM payment_sessions t WHERE t.id = s.id;
        -- Stripe opens the payment itself.
        SELECT * INTO p FROM payments t WHERE t.order_id = s.order_id AND t.provider = s.gateway
            AND s.external_id IN (t.external_order_id, t.external_id)
        ORDER BY t.status = 'authorized' DESC, t.created_at DESC LIMIT 1;
        SELECT * INTO b FROM payment_objects o WHERE o.order_id = s.order_id
            AND o.provider = s.gateway AND o.kind = 'authorization'
            AND o.external_order = s.external_id ORDER BY o.state = 'authorized' DESC,
                o.changed_at DESC LIMIT 1;
    END IF;

    SELECT * INTO taken FROM take_idempotency_key(p_organization, p_principal, v_route, p_key,
        p_body_hash);
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
    refusals := coalesce(s.capture_refusals, 0);
    SELECT * INTO o FROM orders t WHERE t.id = coalesce(p.order_id, s.order_id);
    -- The session by which the shopper was asked.
    asked := s;
    IF s.id IS NULL THEN
        SELECT * INTO asked FROM payment_sessions t
        WHERE t.order_id = p.order_id AND t.gateway = p.provider
            AND t.external_id IN (p.external_order_id, p.external_id);
    END IF;
    CASE
        WHEN b.state = 'authorized' THEN what := 'paypal_authorization'; external_id := b.object_id;
        WHEN p.status = 'authorized' AND p.provider = 'stripe'
            THEN what := 'stripe_payment_intent'; external_id := p.external_id;
        -- A failed attempt counts as none: the shopper may have approved another.
        -- The session's time may be over: the shopper may have been late.
        WHEN coalesce(p.status, 'failed') = 'failed' AND s.gateway = 'paypal'
            AND s.status <> 'completed'
            THEN what := 'paypal_order'; external_id := s.external_id;
        ELSE
            outcome := 'not_capturable';
            status := coalesce(p.status, b.state, session_status(s.status, s.expires_at));
    END CASE;
    IF outcome = 'capture' THEN
        -- A sum that was reserved without a session of ours may be a part of the order, not more.
        status := CASE WHEN what = 'paypal_order' THEN approval_hindrance(s, o)
            ELSE coalesce(nullif(not_payable(o), 'authorized'), CASE
                WHEN asked.id IS NOT NULL
                    AND (asked.amount, asked.currency) <> (o.total_amount, o.currency)
                    OR asked.id IS NULL AND (p.amount > o.total_amount OR p.currency <> o.currency)
                        THEN 'order-changed' END) END;
        IF status IS NOT NULL THEN
            outcome := 'not_capturable';
        ELSIF what = 'paypal_order' THEN
            PERFORM approval_hold(s.id, p_lease);
        END IF;
    END IF;
    IF outcome = 'not_capturable' AND taken.outcome = 'replay' AND p.captured_at IS NOT NULL
        AND (p_amount IS NULL OR p_amount::numeric = p.amount) THEN
        -- The same request was begun before and never answered, and its money has come since.
        outcome := 'replay';
        body := capture_document(p_id, p);
        PERFORM answer_idempotency_key(p_organization, p_principal, v_route, p_key,
            capture_begin.body);
    ELSIF outcome = 'not_capturable' THEN
        -- A refused request frees its key.
        PERFORM free_idempotency_key(p_organization, p_principal, v_route, p_key);
    END IF;
    RETURN NEXT;
END $$;
