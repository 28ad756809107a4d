-- Objects at providers, each in its newest known state: payments (captures, payment intents), authorizations, refunds, disputes.
-- Events only bring observations of them, in any order and any number of times.

CREATE TABLE payment_objects (
    provider text NOT NULL,
    account text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('payment', 'authorization', 'refund', 'dispute')),
    object_id text NOT NULL CHECK (object_id <> ''),
    -- Refund, dispute: the payment it belongs to, by its id or by its alias (Stripe: the charge of a payment intent).
    parent_id text,
    alias text,
    state text NOT NULL CHECK (state IN ('pending', 'authorized', 'completed', 'failed', 'cancelled', 'open', 'won', 'lost')),
    amount numeric(15, 3) CHECK (amount >= 0),
    currency currency_code,
    -- What the provider says was refunded of the payment in all, and when it said so. On a refund: the sum after it.
    refunded_total numeric(15, 3) CHECK (refunded_total >= 0),
    refunded_total_at timestamptz,
    -- A refund that the provider forced.
    reversal boolean NOT NULL DEFAULT false,
    order_reference text,
    -- It was told of with another order, too: the first one keeps it.
    contested boolean NOT NULL DEFAULT false,
    -- What it belongs to at the provider: a PayPal order, a Stripe checkout session.
    external_order text,
    payee text,
    -- The provider's own time of this state; -infinity where it didn't say.
    changed_at timestamptz NOT NULL,
    completed_at timestamptz,
    -- The one order that it counts for. Once set, it stays as long as the order does.
    order_id uuid REFERENCES orders ON DELETE SET NULL,
    -- Why it must not count for any order.
    refused text CHECK (refused ~ '^[a-z-]+$'),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, account, kind, object_id),
    CHECK ((amount IS NULL) = (currency IS NULL)),
    CHECK (kind = 'dispute' OR amount IS NOT NULL)
);

CREATE INDEX payment_objects_order ON payment_objects (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX payment_objects_waiting ON payment_objects (order_reference) WHERE order_id IS NULL;
CREATE INDEX payment_objects_waiting_outside ON payment_objects (external_order) WHERE order_id IS NULL;
CREATE INDEX payment_objects_parent ON payment_objects (provider, account, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX payment_objects_alias ON payment_objects (provider, account, alias) WHERE alias IS NOT NULL;

-- Which events spoke of which objects.
CREATE TABLE webhook_event_objects (
    event uuid NOT NULL REFERENCES webhook_events ON DELETE CASCADE,
    provider text NOT NULL,
    account text NOT NULL,
    kind text NOT NULL,
    object_id text NOT NULL,
    PRIMARY KEY (event, provider, account, kind, object_id),
    FOREIGN KEY (provider, account, kind, object_id) REFERENCES payment_objects ON DELETE CASCADE
);

CREATE INDEX webhook_event_objects_object ON webhook_event_objects (provider, account, kind, object_id);

-- Which of two observations of one object stands, as (finality, time, rank): the greater one.
--   A payment that was completed stays completed, whatever is told later about earlier attempts; its refunds are objects of their own.
--   A refund may fail after it was completed, never the other way round. An authorization ends once.
--   A dispute may be opened again, so only the time decides; at the same moment the decision.
CREATE FUNCTION payment_object_finality(kind text, state text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN kind = 'payment' THEN (state = 'completed')::integer
    WHEN kind = 'authorization' THEN (state IN ('cancelled', 'failed', 'completed'))::integer
    WHEN kind = 'refund' THEN CASE WHEN state IN ('failed', 'cancelled') THEN 2 WHEN state = 'completed' THEN 1 ELSE 0 END
    ELSE 0
END;

CREATE FUNCTION payment_object_rank(state text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(ARRAY['pending', 'failed', 'cancelled', 'authorized', 'completed', 'open', 'won', 'lost'], state);

-- Takes one observation in. p_object: the JSON of commerce's ProviderObject. The caller has locked the payment.
CREATE FUNCTION payment_object_observe(p_provider text, p_account text, p_object jsonb, p_refused text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    seen CONSTANT timestamptz := coalesce((p_object ->> 'changed_at')::timestamptz, '-infinity');
    total CONSTANT numeric := p_object ->> 'refunded_total';
BEGIN
    INSERT INTO payment_objects AS o (provider, account, kind, object_id, parent_id, alias, state, amount, currency, refunded_total,
        refunded_total_at, reversal, order_reference, external_order, payee, changed_at, completed_at, refused)
    VALUES (p_provider, p_account, p_object ->> 'kind', p_object ->> 'id', p_object ->> 'parent', p_object ->> 'alias',
        p_object ->> 'state', (p_object ->> 'amount')::numeric, p_object ->> 'currency', total,
        CASE WHEN total IS NOT NULL THEN seen END, coalesce((p_object ->> 'reversal')::boolean, false),
        p_object ->> 'order_reference', p_object ->> 'external_order', p_object ->> 'payee', seen,
        CASE WHEN p_object ->> 'state' = 'completed' THEN nullif(seen, '-infinity') END, p_refused)
    ON CONFLICT (provider, account, kind, object_id) DO UPDATE SET
        parent_id = coalesce(o.parent_id, excluded.parent_id),
        alias = coalesce(o.alias, excluded.alias),
        reversal = o.reversal OR excluded.reversal,
        order_reference = coalesce(o.order_reference, excluded.order_reference),
        contested = o.contested OR coalesce(o.order_reference <> excluded.order_reference, false),
        external_order = coalesce(o.external_order, excluded.external_order),
        payee = coalesce(o.payee, excluded.payee),
        completed_at = least(o.completed_at, excluded.completed_at),
        refused = coalesce(excluded.refused, CASE WHEN o.order_id IS NULL THEN NULL ELSE o.refused END),
        -- The newest sum, the greater one at the same moment.
        (refunded_total, refunded_total_at) = (
            SELECT t.total, t.at FROM (VALUES (o.refunded_total, o.refunded_total_at),
                (excluded.refunded_total, excluded.refunded_total_at)) AS t (total, at)
            ORDER BY t.at DESC NULLS LAST, t.total DESC NULLS LAST LIMIT 1),
        updated_at = now();

    UPDATE payment_objects o SET
        state = p_object ->> 'state',
        amount = (p_object ->> 'amount')::numeric,
        currency = p_object ->> 'currency',
        changed_at = seen
    WHERE o.provider = p_provider AND o.account = p_account AND o.kind = p_object ->> 'kind' AND o.object_id = p_object ->> 'id'
        AND (payment_object_finality(o.kind, p_object ->> 'state'), seen, payment_object_rank(p_object ->> 'state'),
            coalesce((p_object ->> 'amount')::numeric, 0))
            > (payment_object_finality(o.kind, o.state), o.changed_at, payment_object_rank(o.state), coalesce(o.amount, 0));
END $$;
