-- What only an event says is not believed of one in conflict; and nobody is sent to pay what can't be paid any more.

-- As in 0141; e need not be stored yet as it is given.
CREATE OR REPLACE FUNCTION transmission_settled(e webhook_events) RETURNS boolean LANGUAGE sql STABLE
RETURN e.agreed AND NOT EXISTS (
    SELECT FROM webhook_transmissions t
    JOIN webhook_transmissions u ON (u.provider, u.account, u.transmission_id) = (t.provider, t.account, t.transmission_id)
    JOIN webhook_events x ON x.id = u.event AND x.id <> e.id
    WHERE t.event = e.id AND (x.resource, x.kind) IS DISTINCT FROM (e.resource, e.kind));

-- As in 0141, but a refund is called a reversal only by an event that isn't in conflict.
CREATE OR REPLACE FUNCTION payment_event_apply(p_event uuid, p_objects jsonb, p_trusted boolean, p_resource text DEFAULT NULL,
    p_agrees boolean DEFAULT false)
RETURNS TABLE (outcome text, reason text, organization text, order_id text, payment_status text, session text, session_status text,
    xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e webhook_events;
    owner uuid;
    object jsonb;
    affected text[];
    one uuid;
    verdict record;
    labelled boolean;
BEGIN
    tags := '{}';
    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event;
    IF NOT FOUND OR e.state IN ('applied', 'ignored') THEN
        outcome := CASE WHEN e.id IS NULL THEN 'unknown_event' WHEN e.state = 'applied' THEN 'already_applied' ELSE 'ignored' END;
        RETURN NEXT;
        RETURN;
    END IF;

    affected := payment_lock_objects(e.provider, e.account, p_objects);
    PERFORM payment_actor('event:' || p_event);
    SELECT a.organization_id INTO owner FROM provider_accounts a WHERE a.provider = e.provider AND a.account = e.account;
    -- What another delivery of it may have done while this one waited.
    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event;
    IF e.state = 'applied' THEN
        outcome := 'already_applied';
        RETURN NEXT;
        RETURN;
    END IF;
    -- A body that conflicts with another one of the same transmission is believed only through the API.
    IF e.conflict AND NOT p_trusted THEN
        UPDATE webhook_events w SET state = 'needs_review', reason = 'transmission-conflict', attempts = w.attempts + 1
        WHERE w.id = p_event AND w.state <> 'applied';
        outcome := 'needs_review';
        reason := 'transmission-conflict';
        RETURN NEXT;
        RETURN;
    END IF;
    -- That a refund was forced only the event says. Of one in conflict that isn't believed: whoever holds one delivery can make another type of it.
    e.resource := coalesce(p_resource, e.resource);
    e.agreed := p_agrees AND p_trusted;
    labelled := NOT e.conflict OR transmission_settled(e);
    FOR object IN SELECT b FROM jsonb_array_elements(p_objects) AS b ORDER BY b ->> 'kind', b ->> 'id' LOOP
        PERFORM payment_object_observe(e.provider, e.account,
            CASE WHEN labelled THEN object ELSE object - 'reversal' END, CASE
            WHEN owner IS NULL THEN 'unknown-account'
            WHEN object ->> 'payee' <> e.account AND NOT EXISTS (SELECT FROM provider_accounts a WHERE a.provider = e.provider
                AND a.account = object ->> 'payee' AND a.organization_id = owner) THEN 'unknown-account'
        END);
        INSERT INTO webhook_event_objects (event, provider, account, kind, object_id)
        VALUES (p_event, e.provider, e.account, object ->> 'kind', object ->> 'id') ON CONFLICT DO NOTHING;
    END LOOP;
    UPDATE webhook_events w SET attempts = w.attempts + 1, organization_id = coalesce(w.organization_id, owner),
        resource = e.resource, agreed = e.agreed,
        next_attempt_at = now() + webhook_pause(w.attempts, w.received_at)
    WHERE w.id = p_event;
    FOREACH one IN ARRAY coalesce((SELECT array_agg(r::uuid ORDER BY r) FROM unnest(affected) AS r WHERE is_order_reference(r)), '{}') LOOP
        PERFORM payment_fold(one);
    END LOOP;
    -- Where no order was folded, nobody has judged it yet.
    SELECT * INTO verdict FROM payment_event_verdict(p_event);
    UPDATE webhook_events w SET state = verdict.state, reason = verdict.reason, applied_at = CASE WHEN verdict.state = 'applied' THEN now() END
    WHERE w.id = p_event AND w.state IN ('received', 'needs_review') AND (w.state, w.reason) IS DISTINCT FROM (verdict.state, verdict.reason);

    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event;
    outcome := CASE e.state WHEN 'received' THEN 'waiting' ELSE e.state END;
    reason := e.reason;
    SELECT o.organization_id::text, o.id::text, o.payment_status, o.id INTO organization, order_id, payment_status, one
    FROM webhook_event_objects l
    JOIN payment_objects b ON (b.provider, b.account, b.kind, b.object_id) = (l.provider, l.account, l.kind, l.object_id)
    JOIN orders o ON o.id = b.order_id WHERE l.event = p_event ORDER BY o.id LIMIT 1;
    SELECT s.id::text, payment_session_status(s.status, s.expires_at) INTO session, session_status
    FROM payment_sessions s WHERE s.order_id = one AND order_id IS NOT NULL ORDER BY s.updated_at DESC, s.id LIMIT 1;
    xid := pg_current_xact_id()::text;
    tags := announced_tags();
    RETURN NEXT;
END $$;

-- As in 0130.
--   outcome also: not_payable (status: cancelled or deleted, or order-changed where the order has another sum by now): the shopper isn't sent
--   to the provider.
CREATE OR REPLACE FUNCTION payment_session_move(p_organization uuid, p_id uuid, p_customer uuid, p_from text[], p_to text, p_reason text)
RETURNS TABLE (outcome text, body text, status text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
    current_status text;
    hindrance text;
BEGIN
    SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization AND t.id = p_id
        AND (t.status <> 'creating' OR t.released_at IS NOT NULL) AND (p_customer IS NULL OR t.customer_id = p_customer) FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    current_status := payment_session_status(s.status, s.expires_at);
    IF current_status = 'creating' THEN
        current_status := 'needs_review';
    END IF;
    IF p_to = 'awaiting_callback' AND current_status = ANY (p_from || p_to) THEN
        -- A payment that is pending may be this session's own: its shopper may go and look at it.
        SELECT nullif(not_payable(o, s.amount, s.currency), 'pending') INTO hindrance FROM orders o WHERE o.id = s.order_id;
    END IF;
    IF hindrance IS NOT NULL THEN
        outcome := 'not_payable';
        body := payment_session_document(s);
        status := hindrance;
        RETURN NEXT;
        RETURN;
    ELSIF current_status = p_to THEN
        outcome := 'unchanged';
    ELSIF current_status = ANY (p_from) THEN
        UPDATE payment_sessions t SET status = p_to, reason = CASE WHEN p_to = 'failed' THEN p_reason END, updated_at = now()
        WHERE t.id = p_id RETURNING * INTO s;
        outcome := 'moved';
    ELSE
        outcome := 'not_allowed';
    END IF;
    body := payment_session_document(s);
    status := body::json ->> 'status';
    RETURN NEXT;
END $$;

-- As in 0143, but a request that comes again while the first is being begun is told so, and not that its own session takes the order's place.
CREATE OR REPLACE FUNCTION payment_session_begin(
    p_organization uuid, p_customer uuid, p_order uuid, p_gateway text, p_account text, p_return_url text, p_principal text, p_key text,
    p_body_hash text, p_id uuid, p_valid interval, p_lease interval)
RETURNS TABLE (outcome text, session text, body text, amount text, currency text, reason text, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
    o orders;
BEGIN
    tags := '{}';
    LOOP
        SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization AND t.principal = p_principal
            AND t.idempotency_key = p_key FOR UPDATE;
        IF FOUND THEN
            session := s.id::text;
            IF s.body_hash <> p_body_hash THEN
                outcome := 'mismatch';
            ELSIF s.status <> 'creating' OR s.expires_at <= now() THEN
                outcome := 'replay';
                body := payment_session_document(s);
            ELSIF s.leased_until > now() THEN
                outcome := 'in_progress';
            ELSIF NOT account_serves(s.gateway, p_account, p_organization) OR s.account <> p_account THEN
                outcome := 'foreign_account';
            ELSE
                SELECT not_payable(t, s.amount, s.currency) INTO reason FROM orders t WHERE t.id = s.order_id;
            END IF;
            IF reason IS NOT NULL THEN
                outcome := 'not_payable';
            ELSIF outcome IS NULL THEN
                -- Whoever asked the provider has died, or found it away: ask again, under the same id.
                UPDATE payment_sessions t SET leased_until = now() + p_lease, updated_at = now() WHERE t.id = s.id;
                outcome := 'started';
                amount := money_text(s.amount, s.currency);
                currency := s.currency;
            END IF;
            RETURN NEXT;
            RETURN;
        END IF;
        EXIT WHEN o.id IS NOT NULL;
        -- Who begins sessions of one order takes turns here. Somebody may have begun one with this key meanwhile.
        SELECT * INTO o FROM orders t WHERE t.organization_id = p_organization AND t.id = p_order AND t.deleted_at IS NULL
            AND (p_customer IS NULL OR t.customer_id = p_customer) FOR NO KEY UPDATE;
        EXIT WHEN NOT FOUND;
    END LOOP;
    IF o.id IS NULL THEN
        outcome := 'unknown_order';
    ELSIF not_payable(o) IS NOT NULL THEN
        outcome := 'not_payable';
        reason := not_payable(o);
    ELSIF NOT account_serves(p_gateway, p_account, p_organization) THEN
        outcome := 'foreign_account';
    ELSE
        -- What is paid through one of these all the same is recorded, and completed beats failed.
        UPDATE payment_sessions t SET status = 'failed', reason = CASE WHEN t.expires_at <= now() THEN 'expired' ELSE 'superseded' END,
            updated_at = now()
        WHERE t.order_id = p_order AND t.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
            AND (t.expires_at <= now() OR (t.amount, t.currency) <> (o.total_amount, o.currency)
                -- Nobody is asking the provider, and nobody was shown it: its maker has died or given up, and may have lost the key.
                OR t.status = 'creating' AND t.released_at IS NULL AND t.leased_until <= now());
        IF FOUND THEN
            xid := pg_current_xact_id()::text;
            tags := announced_tags();
        END IF;
        SELECT t.id::text INTO session FROM payment_sessions t
        WHERE t.order_id = p_order AND t.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback');
        IF FOUND THEN
            outcome := 'open_session';
        ELSE
            INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, account, amount, currency, principal,
                idempotency_key, body_hash, return_url, leased_until, expires_at)
            VALUES (p_id, p_organization, o.customer_id, p_order, p_gateway, p_account, o.total_amount, o.currency, p_principal, p_key,
                p_body_hash, p_return_url, now() + p_lease, now() + p_valid)
            ON CONFLICT (organization_id, principal, idempotency_key) DO NOTHING;
            IF FOUND THEN
                outcome := 'started';
                session := p_id::text;
                amount := money_text(o.total_amount, o.currency);
                currency := o.currency;
            ELSE
                -- The same key at the same moment, for another order.
                outcome := 'in_progress';
            END IF;
        END IF;
    END IF;
    RETURN NEXT;
END $$;
