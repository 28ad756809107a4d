-- What was paid and what was sent.

-- One row per object at a provider (a PayPal capture, a Stripe payment intent), never per event.
CREATE TABLE payments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    provider text NOT NULL CHECK (provider IN ('paypal', 'stripe', 'manual')),
    -- The organisation's account at the provider.
    account text NOT NULL CHECK (account <> ''),
    external_id text NOT NULL CHECK (external_id <> ''),
    -- What the object belongs to at the provider: a PayPal order, a Stripe checkout session.
    external_order_id text CHECK (external_order_id <> ''),
    status text NOT NULL CHECK (status IN ('pending', 'authorized', 'paid', 'partially_refunded', 'refunded', 'reversed', 'disputed', 'failed')),
    -- The currency that was paid in; one that isn't the order's is kept, and doesn't pay it.
    currency currency_code NOT NULL,
    amount numeric(15, 3) NOT NULL CHECK (is_amount(amount, currency)),
    refunded_amount numeric(15, 3) NOT NULL DEFAULT 0 CHECK (is_amount(refunded_amount, currency)),
    captured_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (provider, account, external_id),
    CHECK (refunded_amount <= amount),
    CHECK (status <> 'refunded' OR refunded_amount = amount),
    CHECK (status <> 'partially_refunded' OR refunded_amount > 0 AND refunded_amount < amount),
    CHECK (status NOT IN ('pending', 'authorized', 'failed') OR refunded_amount = 0),
    CHECK ((captured_at IS NULL) = (status IN ('pending', 'authorized', 'failed'))),
    -- No cascade: an order with payments can't be deleted, only hidden.
    FOREIGN KEY (order_id, organization_id, customer_id) REFERENCES orders (id, organization_id, customer_id) ON UPDATE CASCADE
);

CREATE TABLE shipments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    carrier text NOT NULL CHECK (carrier <> ''),
    tracking_number text CHECK (tracking_number <> ''),
    tracking_url text CHECK (tracking_url ~ '^https?://'),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'in_transit', 'out_for_delivery', 'delivered', 'failed', 'returned')),
    shipped_at timestamptz,
    delivered_at timestamptz,
    estimated_delivery date,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (carrier, tracking_number),
    CHECK ((shipped_at IS NULL) = (status = 'pending')),
    CHECK ((delivered_at IS NOT NULL) = (status = 'delivered')),
    CHECK (delivered_at >= shipped_at),
    FOREIGN KEY (order_id, organization_id, customer_id)
        REFERENCES orders (id, organization_id, customer_id) ON UPDATE CASCADE ON DELETE CASCADE
);
