-- Bodies under one transmission id of PayPal's, which signs little of them. There may be any number of forged ones, so only the first few are
-- kept; and where the API shows what a body says, nobody has to look at it.

ALTER TABLE webhook_events
    -- What the event names at its provider, kind and id, once it was looked up there.
    ADD COLUMN resource text,
    -- The provider's API shows it as the body says.
    ADD COLUMN agreed boolean NOT NULL DEFAULT false;

-- How many bodies of one transmission are kept.
CREATE FUNCTION transmission_bodies() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 5;

-- As in 0102.
--   outcome also: too_many (the transmission has had its bodies; nothing is stored, event and the rest are NULL).
CREATE OR REPLACE FUNCTION payment_event_record(
    p_provider text, p_account text, p_event_id text, p_kind text, p_body_sha256 text, p_transmission text,
    p_headers jsonb, p_body bytea, p_occurred_at timestamptz, p_state text, p_reason text, p_keep interval)
RETURNS TABLE (outcome text, event uuid, state text, reason text, conflict boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    others uuid[];
    among boolean;
BEGIN
    IF p_transmission IS NOT NULL THEN
        -- Two bodies of one transmission at the same moment must see each other.
        PERFORM pg_advisory_xact_lock(hashtextextended(format('transmission/%s/%s/%s', p_provider, p_account, p_transmission), 0));
        SELECT array_agg(t.event), coalesce(bool_or(t.body_sha256 = p_body_sha256), false) INTO others, among
        FROM webhook_transmissions t
        WHERE t.provider = p_provider AND t.account = p_account AND t.transmission_id = p_transmission;
        IF cardinality(others) >= transmission_bodies() AND NOT among THEN
            outcome := 'too_many';
            RETURN NEXT;
            RETURN;
        END IF;
        IF others IS NOT NULL AND NOT among THEN
            -- All that will be written, in the order of all (0140).
            PERFORM FROM webhook_events e WHERE e.id = ANY (others)
                OR (e.provider, e.account, e.event_id, e.body_sha256) = (p_provider, p_account, p_event_id, p_body_sha256)
            ORDER BY e.id FOR NO KEY UPDATE;
        END IF;
    END IF;

    INSERT INTO webhook_events AS e (provider, account, event_id, kind, body_sha256, state, reason, organization_id, headers, body,
        body_expires_at, occurred_at)
    SELECT p_provider, p_account, p_event_id, p_kind, p_body_sha256, p_state, p_reason,
        (SELECT a.organization_id FROM provider_accounts a WHERE a.provider = p_provider AND a.account = p_account),
        p_headers, p_body, now() + p_keep, p_occurred_at
    ON CONFLICT (provider, account, event_id, body_sha256)
        DO UPDATE SET deliveries = e.deliveries + 1, last_delivery_at = now()
    -- xmax is the locker's id on a row that was there before.
    RETURNING CASE WHEN e.xmax = 0 THEN 'recorded' ELSE 'known' END, e.id INTO outcome, event;

    IF p_transmission IS NOT NULL AND NOT among THEN
        INSERT INTO webhook_transmissions (provider, account, transmission_id, body_sha256, event)
        VALUES (p_provider, p_account, p_transmission, p_body_sha256, event) ON CONFLICT DO NOTHING;
        IF others IS NOT NULL THEN
            -- Nobody can tell which one is genuine, so each that hasn't taken effect is marked.
            UPDATE webhook_events e SET conflict = true
            WHERE e.id = ANY (others || payment_event_record.event) AND e.state <> 'applied' AND NOT e.conflict;
        END IF;
    END IF;
    SELECT e.state, e.reason, e.conflict INTO state, reason, conflict FROM webhook_events e WHERE e.id = payment_event_record.event;
    RETURN NEXT;
END $$;

-- How long an event waits before it is tried again: twice as long each time, up to an hour; where it has waited for hours, a quarter of that,
-- up to a day.
CREATE FUNCTION webhook_pause(attempts integer, received_at timestamptz) RETURNS interval LANGUAGE sql STABLE PARALLEL SAFE
RETURN least(interval '10 seconds' * power(2, least(attempts, 14)), greatest(interval '1 hour', (now() - received_at) / 4), interval '1 day');

-- Whether a conflict is none to look at: the API shows what the event says, and all bodies of its transmissions say the same of the same
-- resource as far as type and name go. Whichever is genuine, what it says is true and has been taken in.
CREATE FUNCTION transmission_settled(e webhook_events) RETURNS boolean LANGUAGE sql STABLE
RETURN e.agreed AND NOT EXISTS (
    SELECT FROM webhook_transmissions t
    JOIN webhook_transmissions u ON (u.provider, u.account, u.transmission_id) = (t.provider, t.account, t.transmission_id)
    JOIN webhook_events x ON x.id = u.event
    WHERE t.event = e.id AND (x.resource, x.kind) IS DISTINCT FROM (e.resource, e.kind));

-- As in 0106, with a conflict only as long as it is one.
CREATE OR REPLACE FUNCTION payment_event_verdict(p_event uuid, OUT state text, OUT reason text) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT CASE WHEN v.reason IS NULL THEN 'applied' WHEN v.reason IN ('order-unknown', 'payment-unknown') THEN 'received' ELSE 'needs_review' END,
        v.reason
    INTO state, reason
    FROM (
        SELECT coalesce(
            min(x.reason) FILTER (WHERE x.urgency = 1),
            CASE WHEN bool_or(e.conflict AND NOT transmission_settled(e)) THEN 'transmission-conflict' END,
            min(x.reason) FILTER (WHERE x.urgency = 2),
            min(x.reason) FILTER (WHERE x.urgency = 3)) AS reason
        FROM webhook_events e
        LEFT JOIN webhook_event_objects l ON l.event = e.id
        LEFT JOIN payment_objects b ON (b.provider, b.account, b.kind, b.object_id) = (l.provider, l.account, l.kind, l.object_id)
        LEFT JOIN orders o ON o.id = b.order_id
        LEFT JOIN LATERAL order_payment_state(o) AS s ON o.id IS NOT NULL
        LEFT JOIN LATERAL (
            SELECT CASE
                    WHEN b.refused IS NOT NULL THEN b.refused
                    WHEN b.order_id IS NULL AND b.kind IN ('refund', 'dispute') THEN 'payment-unknown'
                    WHEN b.order_id IS NULL THEN 'order-unknown'
                    WHEN b.currency <> o.currency THEN 'wrong-currency'
                    WHEN b.contested THEN 'order-changed'
                    WHEN b.kind <> 'payment' OR b.state <> 'completed' THEN NULL
                    WHEN o.deleted_at IS NOT NULL THEN 'paid-after-deletion'
                    WHEN o.status = 'cancelled' THEN 'paid-after-cancellation'
                    WHEN s.captured < o.total_amount THEN 'underpaid'
                    WHEN s.captured > o.total_amount THEN 'overpaid'
                END AS reason,
                CASE WHEN b.refused IS NOT NULL THEN 1 WHEN b.order_id IS NULL THEN 2 ELSE 3 END AS urgency
            WHERE b.object_id IS NOT NULL
        ) AS x ON true
        WHERE e.id = p_event
    ) AS v;
END $$;

-- As in 0116, and what agrees is judged anew.
CREATE OR REPLACE FUNCTION payment_fold(p_order uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    o orders;
    folded record;
    judged record;
BEGIN
    SELECT * INTO o FROM orders WHERE id = p_order;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM payment_attach(o);
    IF NOT EXISTS (SELECT FROM payment_objects b WHERE b.order_id = p_order)
        AND NOT EXISTS (SELECT FROM payment_objects b WHERE b.order_id IS NULL AND b.order_reference = p_order::text) THEN
        RETURN;
    END IF;

    INSERT INTO payments AS p (order_id, organization_id, customer_id, provider, account, external_id, external_order_id, status,
        currency, amount, refunded_amount, captured_at)
    SELECT o.id, o.organization_id, o.customer_id, b.provider, b.account, b.object_id, b.external_order, b.outcome, b.currency, b.amount,
        b.refunded, CASE WHEN b.state = 'completed' THEN coalesce(b.completed_at, now()) END
    FROM payment_object_outcomes b WHERE b.order_id = p_order ORDER BY b.provider, b.account, b.object_id
    ON CONFLICT (provider, account, external_id) DO UPDATE SET
        external_order_id = excluded.external_order_id, status = excluded.status, currency = excluded.currency, amount = excluded.amount,
        refunded_amount = excluded.refunded_amount,
        captured_at = CASE WHEN excluded.captured_at IS NOT NULL THEN least(p.captured_at, excluded.captured_at) END,
        updated_at = now()
    -- No change, no new version of the order.
    WHERE p.order_id = excluded.order_id
        AND ((p.external_order_id, p.status, p.currency, p.amount, p.refunded_amount)
            IS DISTINCT FROM (excluded.external_order_id, excluded.status, excluded.currency, excluded.amount, excluded.refunded_amount)
            OR excluded.captured_at < p.captured_at);

    SELECT * INTO folded FROM order_payment_state(o);
    UPDATE orders u SET payment_status = folded.payment_status,
        external_transaction_id = coalesce(u.external_transaction_id, (SELECT p.external_id FROM payments p
            WHERE p.order_id = p_order AND p.captured_at IS NOT NULL ORDER BY p.captured_at, p.external_id LIMIT 1))
    WHERE u.id = p_order AND (u.payment_status <> folded.payment_status
        OR u.external_transaction_id IS NULL AND EXISTS (SELECT FROM payments p WHERE p.order_id = p_order AND p.captured_at IS NOT NULL));

    -- A failed attempt leaves the session open: the shopper may try again.
    IF folded.captured >= o.total_amount AND folded.captured > 0 THEN
        UPDATE payment_sessions s SET status = 'completed', reason = NULL, updated_at = now()
        WHERE s.order_id = p_order AND s.status <> 'completed'
            -- Completed beats failed: the session that this was paid through may have expired meanwhile.
            AND (s.status IN ('awaiting_redirect', 'awaiting_callback') OR EXISTS (SELECT FROM payments p
                WHERE p.order_id = p_order AND p.captured_at IS NOT NULL AND s.external_id IN (p.external_order_id, p.external_id)));
    END IF;

    FOR judged IN
        SELECT e.id, v.state, v.reason
        FROM (
            SELECT l.event FROM payment_objects b
            JOIN webhook_event_objects l ON (l.provider, l.account, l.kind, l.object_id) = (b.provider, b.account, b.kind, b.object_id)
            WHERE b.order_id = p_order
            UNION
            SELECT l.event FROM payment_objects b
            JOIN webhook_event_objects l ON (l.provider, l.account, l.kind, l.object_id) = (b.provider, b.account, b.kind, b.object_id)
            WHERE b.order_id IS NULL AND b.order_reference = p_order::text
        ) AS l
        -- What is in conflict stays so whatever the fold says, but where the API agrees with it: the other bodies may agree by now, too.
        JOIN webhook_events e ON e.id = l.event AND e.state IN ('received', 'needs_review')
            AND (e.agreed OR e.reason IS DISTINCT FROM 'transmission-conflict'), LATERAL payment_event_verdict(e.id) AS v
        WHERE (v.state, v.reason) IS DISTINCT FROM (e.state, e.reason)
        ORDER BY e.id
    LOOP
        UPDATE webhook_events e SET state = judged.state, reason = judged.reason, order_id = p_order,
            applied_at = CASE WHEN judged.state = 'applied' THEN now() END
        WHERE e.id = judged.id AND e.state IN ('received', 'needs_review');
    END LOOP;
END $$;

DROP FUNCTION payment_event_apply(uuid, jsonb, boolean);

-- As in 0108. Call it as one statement of its own.
--   p_event: as payment_event_record gave it.
--   p_objects: the objects as the provider's API shows them now (p_trusted), or as the event's own body says (not p_trusted).
--   p_resource: what it names there; p_agrees: the provider's API shows it as the body says. NULL and false: nobody has compared them.
--   outcome: applied; already_applied (by somebody else meanwhile); waiting (the order or the payment isn't known yet: it stays
--     received and is applied when that appears); needs_review (the money is recorded where it is certain); ignored; unknown_event.
--   reason: of waiting and needs_review. session, session_status: the order's newest payment session, for the copy in Redis.
--   xid, tags: what the caller has to forget, as with every write.
CREATE FUNCTION payment_event_apply(p_event uuid, p_objects jsonb, p_trusted boolean, p_resource text DEFAULT NULL,
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
    FOR object IN SELECT b FROM jsonb_array_elements(p_objects) AS b ORDER BY b ->> 'kind', b ->> 'id' LOOP
        PERFORM payment_object_observe(e.provider, e.account, object, CASE
            WHEN owner IS NULL THEN 'unknown-account'
            WHEN object ->> 'payee' <> e.account AND NOT EXISTS (SELECT FROM provider_accounts a WHERE a.provider = e.provider
                AND a.account = object ->> 'payee' AND a.organization_id = owner) THEN 'unknown-account'
        END);
        INSERT INTO webhook_event_objects (event, provider, account, kind, object_id)
        VALUES (p_event, e.provider, e.account, object ->> 'kind', object ->> 'id') ON CONFLICT DO NOTHING;
    END LOOP;

    UPDATE webhook_events w SET attempts = w.attempts + 1, organization_id = coalesce(w.organization_id, owner),
        resource = coalesce(p_resource, w.resource), agreed = p_agrees AND p_trusted,
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

DROP FUNCTION webhook_event_apply(uuid, jsonb, boolean);

-- As in 0113.
CREATE FUNCTION webhook_event_apply(p_event uuid, p_objects jsonb, p_trusted boolean, p_resource text DEFAULT NULL,
    p_agrees boolean DEFAULT false)
RETURNS TABLE (outcome text, reason text, payment_status text, xid text, tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    a record;
BEGIN
    SELECT * INTO a FROM payment_event_apply(p_event, p_objects, p_trusted, p_resource, p_agrees);
    IF a.session IS NOT NULL AND a.outcome IN ('applied', 'needs_review') THEN
        UPDATE payment_sessions s SET updated_at = now(), webhook_data = (
            SELECT jsonb_strip_nulls(jsonb_build_object('eventId', e.event_id, 'type', e.kind, 'status', b.object ->> 'state',
                'amount', b.object ->> 'amount', 'currency', b.object ->> 'currency'))
            FROM webhook_events e LEFT JOIN LATERAL (SELECT o AS object FROM jsonb_array_elements(p_objects) AS o
                ORDER BY o ->> 'kind' = 'payment' DESC, o ->> 'id' LIMIT 1) AS b ON true
            WHERE e.id = p_event)
        WHERE s.id = a.session::uuid;
    END IF;
    RETURN QUERY SELECT a.outcome, a.reason, a.payment_status, coalesce(a.xid, ''),
        -- All that this transaction has announced, the session among it.
        CASE WHEN a.outcome = 'already_applied' THEN webhook_event_tags(p_event) ELSE announced_tags() END;
END $$;
