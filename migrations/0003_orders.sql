-- Orders and what was ordered.

-- The statuses, in the order of the way; shared/commerce/src/status.rs has the moves between them.
CREATE FUNCTION order_statuses() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['pending', 'confirmed', 'processing', 'shipped', 'delivered', 'cancelled'];

CREATE FUNCTION payment_statuses() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['unpaid', 'none_required', 'pending', 'authorized', 'paid', 'partially_paid', 'partially_refunded', 'refunded', 'reversed', 'disputed', 'failed'];

CREATE SEQUENCE order_numbers;

-- One sequence for all organisations: no create waits for another one's row.
CREATE FUNCTION next_order_number() RETURNS text LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT 'EO-' || lpad(n::text, greatest(8, length(n::text)), '0') FROM nextval('order_numbers') AS n;
END;

CREATE TABLE orders (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- The customer's organisation; that this exists follows, without a lock on its one busy row.
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    -- Bytewise, so that one index serves the beginning of a number as well as sorting.
    order_number text COLLATE "C" NOT NULL DEFAULT next_order_number()
        CHECK (order_number = upper(order_number) AND length(order_number) BETWEEN 1 AND 64),
    status text NOT NULL DEFAULT 'pending' CHECK (status = ANY (order_statuses())),
    payment_status text NOT NULL DEFAULT 'unpaid' CHECK (payment_status = ANY (payment_statuses())),
    currency currency_code NOT NULL,
    total_amount numeric(15, 3) NOT NULL CHECK (is_amount(total_amount, currency)),
    notes text,
    shipping_address jsonb CHECK (jsonb_typeof(shipping_address) = 'object'),
    -- The payment's id at the provider.
    external_transaction_id text CHECK (external_transaction_id <> ''),
    -- One more with every change of the order or of anything shown with it.
    version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Where it is set, the order is shown nowhere.
    deleted_at timestamptz,
    CHECK (payment_status <> 'none_required' OR total_amount = 0),
    UNIQUE (organization_id, order_number),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    -- What children point to: they can't belong to another organisation or customer, or be in another currency.
    UNIQUE (id, organization_id, customer_id),
    UNIQUE (id, organization_id, customer_id, currency)
) WITH (fillfactor = 85);

CREATE TABLE order_items (
    order_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    position integer NOT NULL CHECK (position > 0),
    sku text NOT NULL CHECK (sku <> ''),
    -- Name and price as they were when it was ordered.
    name text NOT NULL CHECK (name <> ''),
    quantity integer NOT NULL CHECK (quantity > 0),
    currency currency_code NOT NULL,
    unit_price numeric(15, 3) NOT NULL CHECK (is_amount(unit_price, currency)),
    line_total numeric(15, 3) NOT NULL GENERATED ALWAYS AS (quantity * unit_price) STORED,
    PRIMARY KEY (order_id, position),
    FOREIGN KEY (order_id, organization_id, customer_id, currency)
        REFERENCES orders (id, organization_id, customer_id, currency) ON UPDATE CASCADE ON DELETE CASCADE
);
