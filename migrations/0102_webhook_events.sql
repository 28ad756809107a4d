-- What providers have told us: every event that verified, until it has taken effect and beyond. Nothing is answered 2xx that
-- isn't here.

CREATE TABLE webhook_events (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    provider text NOT NULL CHECK (provider IN ('paypal', 'stripe')),
    -- The account whose endpoint received it; it need not be known (yet).
    account text NOT NULL CHECK (account <> ''),
    event_id text NOT NULL CHECK (event_id <> ''),
    kind text NOT NULL,
    -- Of the raw body, hexadecimal: the same event id with another body is another event.
    body_sha256 text NOT NULL CHECK (body_sha256 ~ '^[0-9a-f]{64}$'),
    -- received: still to be applied. needs_review: somebody has to look; what is certain has been recorded.
    state text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'applied', 'needs_review', 'ignored')),
    reason text CHECK (reason ~ '^[a-z0-9-]+$'),
    -- PayPal signs little of the body: another body was seen under the same transmission id.
    conflict boolean NOT NULL DEFAULT false,
    organization_id uuid REFERENCES organizations,
    order_id uuid,
    headers jsonb,
    body bytea,
    -- Until when headers and body are kept.
    body_expires_at timestamptz NOT NULL,
    occurred_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    last_delivery_at timestamptz NOT NULL DEFAULT now(),
    deliveries integer NOT NULL DEFAULT 1,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    applied_at timestamptz,
    UNIQUE (provider, account, event_id, body_sha256),
    CHECK ((applied_at IS NOT NULL) = (state = 'applied')),
    CHECK (state <> 'needs_review' OR reason IS NOT NULL)
);

CREATE INDEX webhook_events_due ON webhook_events (next_attempt_at) WHERE state = 'received';
CREATE INDEX webhook_events_open ON webhook_events (received_at) WHERE state IN ('received', 'needs_review');
CREATE INDEX webhook_events_order ON webhook_events (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX webhook_events_bodies ON webhook_events (body_expires_at) WHERE body IS NOT NULL;

-- Which bodies came under which PayPal transmission id: one, unless somebody forges.
CREATE TABLE webhook_transmissions (
    provider text NOT NULL,
    account text NOT NULL,
    transmission_id text NOT NULL,
    body_sha256 text NOT NULL,
    event uuid NOT NULL REFERENCES webhook_events ON DELETE CASCADE,
    PRIMARY KEY (provider, account, transmission_id, body_sha256)
);

CREATE INDEX webhook_transmissions_event ON webhook_transmissions (event);

-- Stores one verified event, or finds it.
--   outcome: recorded (new) or known. event, state, reason, conflict: as stored.
--   p_state, p_reason: of a new event: received, or ignored, or needs_review with its reason.
--   p_transmission: NULL where the whole body is signed. p_keep: how long headers and body are kept.
CREATE FUNCTION payment_event_record(
    p_provider text, p_account text, p_event_id text, p_kind text, p_body_sha256 text, p_transmission text,
    p_headers jsonb, p_body bytea, p_occurred_at timestamptz, p_state text, p_reason text, p_keep interval)
RETURNS TABLE (outcome text, event uuid, state text, reason text, conflict boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    others uuid[];
BEGIN
    INSERT INTO webhook_events AS e (provider, account, event_id, kind, body_sha256, state, reason, organization_id, headers, body,
        body_expires_at, occurred_at)
    SELECT p_provider, p_account, p_event_id, p_kind, p_body_sha256, p_state, p_reason,
        (SELECT a.organization_id FROM provider_accounts a WHERE a.provider = p_provider AND a.account = p_account),
        p_headers, p_body, now() + p_keep, p_occurred_at
    ON CONFLICT (provider, account, event_id, body_sha256)
        DO UPDATE SET deliveries = e.deliveries + 1, last_delivery_at = now()
    -- xmax is the locker's id on a row that was there before.
    RETURNING CASE WHEN e.xmax = 0 THEN 'recorded' ELSE 'known' END, e.id INTO outcome, event;

    IF p_transmission IS NOT NULL THEN
        -- Two bodies of one transmission at the same moment must see each other.
        PERFORM pg_advisory_xact_lock(hashtextextended(format('transmission/%s/%s/%s', p_provider, p_account, p_transmission), 0));
        INSERT INTO webhook_transmissions (provider, account, transmission_id, body_sha256, event)
        VALUES (p_provider, p_account, p_transmission, p_body_sha256, event) ON CONFLICT DO NOTHING;
        SELECT array_agg(t.event) INTO others FROM webhook_transmissions t
        WHERE t.provider = p_provider AND t.account = p_account AND t.transmission_id = p_transmission AND t.event <> payment_event_record.event;
        IF others IS NOT NULL THEN
            -- Nobody can tell which one is genuine, so each that hasn't taken effect is marked.
            UPDATE webhook_events e SET conflict = true
            WHERE e.id = ANY (others || payment_event_record.event) AND e.state <> 'applied' AND NOT e.conflict;
        END IF;
    END IF;
    SELECT e.state, e.reason, e.conflict INTO state, reason, conflict FROM webhook_events e WHERE e.id = payment_event_record.event;
    RETURN NEXT;
END $$;
