-- A shopper on the way through a payment. Redis keeps a copy for speed; what matters is here.

CREATE TABLE payment_sessions (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    order_id uuid NOT NULL,
    gateway text NOT NULL CHECK (gateway IN ('paypal', 'stripe', 'other')),
    account text,
    -- creating: the provider has been or is being asked. Shown from awaiting_redirect on.
    status text NOT NULL DEFAULT 'creating' CHECK (status IN ('creating', 'awaiting_redirect', 'awaiting_callback', 'completed', 'failed')),
    -- Why it failed: cancelled, expired, superseded.
    reason text,
    -- As the order was when the session was made; a session for another sum is not this order's.
    amount numeric(15, 3) NOT NULL CHECK (is_amount(amount, currency)),
    currency currency_code NOT NULL,
    -- Who made it with which Idempotency-Key, and the SHA-256 of the body.
    principal text NOT NULL,
    idempotency_key text NOT NULL,
    body_hash text NOT NULL,
    return_url text NOT NULL,
    -- The provider's order, checkout session or payment intent, and where to send the shopper.
    external_id text CHECK (external_id <> ''),
    redirect_url text,
    -- Event id, type, status and amount of the last event; never its body.
    webhook_data jsonb,
    -- Whoever is asking the provider, until when nobody else may.
    leased_until timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, principal, idempotency_key),
    CHECK (status = 'creating' OR status = 'failed' OR external_id IS NOT NULL OR gateway = 'other'),
    CHECK (reason IS NULL OR status = 'failed'),
    FOREIGN KEY (order_id, organization_id, customer_id) REFERENCES orders (id, organization_id, customer_id) ON UPDATE CASCADE ON DELETE CASCADE
);

-- One open session per order.
CREATE UNIQUE INDEX payment_sessions_open ON payment_sessions (order_id)
    WHERE status IN ('creating', 'awaiting_redirect', 'awaiting_callback');
CREATE UNIQUE INDEX payment_sessions_external ON payment_sessions (gateway, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX payment_sessions_expiry ON payment_sessions (expires_at) WHERE status IN ('creating', 'awaiting_redirect', 'awaiting_callback');

-- A session's status at this moment: an open one whose time is over has failed, swept or not.
CREATE FUNCTION payment_session_status(status text, expires_at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN status IN ('creating', 'awaiting_redirect', 'awaiting_callback') AND expires_at <= now() THEN 'failed' ELSE status END;
