-- The whole schema as the first release left it: tables, constraints, indexes, trigger attachments.
-- This file is never edited; a later change is a file with the next number.
--
-- Constraints, defaults and triggers need some functions first. Those stand in code/ like all
-- others, and are taken in here by \i. Paths count from database/.

\i code/values/minor_digits.sql
\i code/values/is_amount.sql
\i code/values/is_cui.sql
\i code/values/is_tax_id.sql
\i code/values/is_address.sql
\i code/values/order_statuses.sql
\i code/values/payment_statuses.sql

-- A code of ISO 4217 by its form. The application decides which codes are taken.
CREATE DOMAIN currency_code AS text CHECK (VALUE ~ '^[A-Z]{3}$');

--------------------------------------------------------------------------------------------------
-- Sellers, buyers, articles.

CREATE TABLE organizations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL CHECK (name <> ''),
    -- The next four stand on invoices as the seller's.
    legal_name text NOT NULL CHECK (legal_name <> ''),
    cui text NOT NULL UNIQUE CHECK (is_tax_id(cui)),
    trade_register text CHECK (trade_register <> ''),
    address jsonb NOT NULL CHECK (is_address(address)),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE customers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL REFERENCES organizations,
    name text NOT NULL CHECK (name <> ''),
    email text NOT NULL CHECK (email ~ '^[^@\s]+@[^@\s]+$'),
    -- Both are set if the customer is a company, else neither.
    company_name text CHECK (company_name <> ''),
    cui text CHECK (is_tax_id(cui)),
    address jsonb NOT NULL CHECK (is_address(address)),
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((company_name IS NULL) = (cui IS NULL)),
    -- Orders point to this pair, so an order's customer is never another organisation's.
    UNIQUE (organization_id, id)
);

CREATE UNIQUE INDEX customers_email ON customers (organization_id, lower(email));

-- One row per article and currency: a price is never converted.
CREATE TABLE products (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL REFERENCES organizations,
    sku text NOT NULL CHECK (sku <> ''),
    name text NOT NULL CHECK (name <> ''),
    currency currency_code NOT NULL,
    price numeric(15, 3) NOT NULL CHECK (is_amount(price, currency)),
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, sku, currency)
);

--------------------------------------------------------------------------------------------------
-- Orders and their items.

CREATE SEQUENCE order_numbers;
\i code/orders/next_order_number.sql

CREATE TABLE orders (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- The customer's organisation. It exists because the customer does: a foreign key of its own
    -- would lock the organisation's one busy row.
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    -- Collated bytewise, so that one index serves both prefix searches and sorting.
    order_number text COLLATE "C" NOT NULL DEFAULT next_order_number()
        CHECK (order_number = upper(order_number) AND length(order_number) BETWEEN 1 AND 64),
    status text NOT NULL DEFAULT 'pending' CHECK (status = ANY (order_statuses())),
    payment_status text NOT NULL DEFAULT 'unpaid'
        CHECK (payment_status = ANY (payment_statuses())),
    currency currency_code NOT NULL,
    total_amount numeric(15, 3) NOT NULL CHECK (is_amount(total_amount, currency)),
    notes text,
    shipping_address jsonb CHECK (jsonb_typeof(shipping_address) = 'object'),
    -- The id that the provider gave the first captured payment.
    external_transaction_id text CHECK (external_transaction_id <> ''),
    -- Grows by one with every change of the order or of anything that is shown with it.
    version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- An order with a time here is hidden from every read.
    deleted_at timestamptz,
    CHECK (payment_status <> 'none_required' OR total_amount = 0),
    UNIQUE (organization_id, order_number),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    -- Children point to these, so that a child always has its order's organisation, customer
    -- and currency.
    UNIQUE (id, organization_id, customer_id),
    UNIQUE (id, organization_id, customer_id, currency)
) WITH (fillfactor = 85);

CREATE TABLE order_items (
    order_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    position integer NOT NULL CHECK (position > 0),
    sku text NOT NULL CHECK (sku <> ''),
    -- The article's name and price at the time of the order.
    name text NOT NULL CHECK (name <> ''),
    quantity integer NOT NULL CHECK (quantity > 0),
    currency currency_code NOT NULL,
    unit_price numeric(15, 3) NOT NULL CHECK (is_amount(unit_price, currency)),
    line_total numeric(15, 3) NOT NULL GENERATED ALWAYS AS (quantity * unit_price) STORED,
    PRIMARY KEY (order_id, position),
    FOREIGN KEY (order_id, organization_id, customer_id, currency)
        REFERENCES orders (id, organization_id, customer_id, currency)
        ON UPDATE CASCADE ON DELETE CASCADE
);

-- Lists by every sort and by the filters that narrow most. Only live orders are shown, so most of
-- these indexes hold only live orders.
CREATE INDEX orders_by_created_at ON orders (organization_id, created_at, id)
    WHERE deleted_at IS NULL;
CREATE INDEX orders_by_updated_at ON orders (organization_id, updated_at, id)
    WHERE deleted_at IS NULL;
CREATE INDEX orders_by_total_amount ON orders (organization_id, total_amount, id)
    WHERE deleted_at IS NULL;
CREATE INDEX orders_by_status ON orders (organization_id, status, created_at, id)
    WHERE deleted_at IS NULL;
CREATE INDEX orders_by_payment_status ON orders (organization_id, payment_status, created_at, id)
    WHERE deleted_at IS NULL;
-- Histories. The foreign key to customers uses it too, and asks for hidden orders as well.
CREATE INDEX orders_by_customer ON orders (organization_id, customer_id, created_at, id)
    INCLUDE (deleted_at);
-- This index holds all that statistics read, so they never touch the table.
CREATE INDEX orders_statistics ON orders (organization_id, currency, status, payment_status)
    INCLUDE (total_amount) WHERE deleted_at IS NULL;

\i code/orders/check_order_total.sql

CREATE CONSTRAINT TRIGGER order_total_is_sum_of_items
    AFTER INSERT OR UPDATE OF id, total_amount ON orders
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_order_total();
CREATE CONSTRAINT TRIGGER order_total_is_sum_of_items
    AFTER INSERT OR DELETE OR UPDATE OF order_id, quantity, unit_price ON order_items
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_order_total();

--------------------------------------------------------------------------------------------------
-- Payments, shipments, invoices.

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
    -- The PayPal order or Stripe checkout session that the object belongs to.
    external_order_id text CHECK (external_order_id <> ''),
    status text NOT NULL CHECK (status IN ('pending', 'authorized', 'paid', 'partially_refunded',
        'refunded', 'reversed', 'disputed', 'failed')),
    -- The currency that was paid in. A payment in another currency than the order's is kept, and
    -- doesn't pay the order.
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
    -- Nothing cascades: an order with payments can be hidden, and can't be deleted.
    FOREIGN KEY (order_id, organization_id, customer_id)
        REFERENCES orders (id, organization_id, customer_id) ON UPDATE CASCADE
);

CREATE INDEX payments_by_order ON payments (order_id);
CREATE INDEX payments_customer ON payments (organization_id, customer_id);

CREATE TABLE shipments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    carrier text NOT NULL CHECK (carrier <> ''),
    tracking_number text CHECK (tracking_number <> ''),
    tracking_url text CHECK (tracking_url ~ '^https?://'),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'in_transit',
        'out_for_delivery', 'delivered', 'failed', 'returned')),
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

CREATE INDEX shipments_by_order ON shipments (order_id);

-- All that a Romanian e-invoice (RO e-Factura: EN 16931 with RO_CIUS) needs. It is copied when the
-- invoice is issued: a later change of the organisation or the customer changes no invoice.
CREATE TABLE invoices (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL UNIQUE,
    -- The seller.
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    series text NOT NULL CHECK (series ~ '^[A-Z0-9-]{1,20}$'),
    number bigint NOT NULL CHECK (number > 0),
    issue_date date NOT NULL,
    due_date date NOT NULL CHECK (due_date >= issue_date),
    seller_name text NOT NULL CHECK (seller_name <> ''),
    seller_cui text NOT NULL CHECK (is_tax_id(seller_cui)),
    seller_trade_register text CHECK (seller_trade_register <> ''),
    seller_address jsonb NOT NULL CHECK (is_address(seller_address)),
    buyer_name text NOT NULL CHECK (buyer_name <> ''),
    -- NULL if the buyer is a person: the e-invoice then carries thirteen zeros.
    buyer_cui text CHECK (is_tax_id(buyer_cui)),
    buyer_address jsonb NOT NULL CHECK (is_address(buyer_address)),
    currency currency_code NOT NULL,
    -- Per cent.
    vat_rate numeric(5, 2) NOT NULL CHECK (vat_rate >= 0 AND vat_rate < 100),
    net_amount numeric(15, 3) NOT NULL CHECK (is_amount(net_amount, currency)),
    vat_amount numeric(15, 3) NOT NULL CHECK (is_amount(vat_amount, currency)),
    gross_amount numeric(15, 3) NOT NULL CHECK (is_amount(gross_amount, currency)),
    -- VAT is owed in RON, whatever currency the invoice is in.
    ron_rate numeric(14, 6) NOT NULL DEFAULT 1 CHECK (ron_rate > 0),
    vat_amount_ron numeric(17, 2) NOT NULL CHECK (vat_amount_ron >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, series, number),
    CONSTRAINT invoices_gross_is_net_and_vat CHECK (gross_amount = net_amount + vat_amount),
    -- Prices include VAT, so net and VAT are each rounded: they miss the rate by less than one
    -- smallest unit.
    CONSTRAINT invoices_vat_is_the_rate_of_net
        CHECK (abs(vat_amount - net_amount * vat_rate / 100)
            < power(10::numeric, -minor_digits(currency))),
    CONSTRAINT invoices_vat_in_ron
        CHECK (vat_amount_ron = round(vat_amount * ron_rate, 2)
            AND (currency <> 'RON' OR ron_rate = 1)),
    FOREIGN KEY (order_id, organization_id, customer_id, currency)
        REFERENCES orders (id, organization_id, customer_id, currency)
        ON UPDATE CASCADE ON DELETE CASCADE
);

--------------------------------------------------------------------------------------------------
-- The cache: its outbox, and the triggers that fill it.
--
-- ENABLE ALWAYS: these triggers also fire while session_replication_role is replica (bulk loads,
-- restores). A subscriber of logical replication fires no statement triggers whatever their
-- setting, so these tables must not be the target of a subscription.

-- One row per statement that changed cached data. Triggers write it in the statement's own
-- transaction; the cache deletes it after it has applied the row.
CREATE TABLE cache_invalidations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- '*' stands for everything.
    tags text[] NOT NULL CHECK (cardinality(tags) > 0),
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE INDEX cache_invalidations_xid ON cache_invalidations (xid);

-- One row: the one cache (Redis address and key prefix) that this database serves, the run of
-- Redis and the history of the database that were last seen, and the epoch of valid entries.
CREATE TABLE cache_state (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    cache text,
    run_id text,
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    history text
);

INSERT INTO cache_state DEFAULT VALUES;

\i code/orders/bump_order_version.sql

CREATE TRIGGER bump_version BEFORE UPDATE ON orders
    FOR EACH ROW EXECUTE FUNCTION bump_order_version();
ALTER TABLE orders ENABLE ALWAYS TRIGGER bump_version;

\i code/orders/touch_orders.sql

DO $$
DECLARE
    child text;
BEGIN
    FOREACH child IN ARRAY ARRAY['order_items', 'payments', 'shipments', 'invoices'] LOOP
        EXECUTE format('CREATE TRIGGER touch_on_insert AFTER INSERT ON %I
            REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION touch_orders()', child);
        EXECUTE format('CREATE TRIGGER touch_on_update AFTER UPDATE ON %I
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION touch_orders()', child);
        EXECUTE format('CREATE TRIGGER touch_on_delete AFTER DELETE ON %I
            REFERENCING OLD TABLE AS old_rows
            FOR EACH STATEMENT EXECUTE FUNCTION touch_orders()', child);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER touch_on_insert,
            ENABLE ALWAYS TRIGGER touch_on_update, ENABLE ALWAYS TRIGGER touch_on_delete', child);
    END LOOP;
END $$;

\i code/cache/announce_orders.sql

CREATE TRIGGER announce_insert AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_orders();
CREATE TRIGGER announce_update AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_orders();
CREATE TRIGGER announce_delete AFTER DELETE ON orders REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_orders();
ALTER TABLE orders ENABLE ALWAYS TRIGGER announce_insert, ENABLE ALWAYS TRIGGER announce_update,
    ENABLE ALWAYS TRIGGER announce_delete;

\i code/cache/announce_gone_customers.sql

CREATE TRIGGER announce_update AFTER UPDATE ON customers REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_gone_customers();
CREATE TRIGGER announce_delete AFTER DELETE ON customers REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_gone_customers();
ALTER TABLE customers ENABLE ALWAYS TRIGGER announce_update, ENABLE ALWAYS TRIGGER announce_delete;

\i code/cache/announce_everything.sql

DO $$
DECLARE
    shown text;
BEGIN
    FOREACH shown IN ARRAY ARRAY['orders', 'order_items', 'payments', 'shipments', 'invoices',
        'customers']
    LOOP
        EXECUTE format('CREATE TRIGGER announce_truncate AFTER TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION announce_everything()', shown);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER announce_truncate', shown);
    END LOOP;
END $$;

--------------------------------------------------------------------------------------------------
-- Requests that may be sent twice.

-- The answers to requests with an Idempotency-Key. A row stands for 24 hours; after that its key
-- may be taken again.
CREATE TABLE idempotency_keys (
    organization_id uuid NOT NULL,
    -- The caller that sent the request.
    principal text NOT NULL,
    -- The operation, such as 'POST /orders'.
    route text NOT NULL,
    key text NOT NULL,
    -- SHA-256 of the request's body: the same key with another body is refused.
    body_hash text NOT NULL,
    -- The answer. It is NULL only while the transaction that took the key is at work.
    body text,
    version bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    PRIMARY KEY (principal, route, key, organization_id)
);

CREATE INDEX idempotency_keys_expires_at ON idempotency_keys (expires_at);

-- Checkout sessions that have become orders. Unlike an idempotency key a row has no end: the id of
-- a checkout session is for one order only.
CREATE TABLE checkout_orders (
    organization_id uuid NOT NULL,
    -- The caller whose checkout session it was.
    principal text NOT NULL,
    checkout_id uuid NOT NULL,
    -- The order may have been deleted since: that makes no room for another.
    order_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, principal, checkout_id)
);

--------------------------------------------------------------------------------------------------
-- Payment providers: accounts, events, objects, certificates.

-- Accounts at payment providers, each of one organisation. An event of an account pays only orders
-- of its organisation.
CREATE TABLE provider_accounts (
    provider text NOT NULL CHECK (provider IN ('paypal', 'stripe')),
    -- PayPal's merchant id, Stripe's account id.
    account text NOT NULL CHECK (account ~ '^[A-Za-z0-9_-]{1,128}$'),
    organization_id uuid NOT NULL REFERENCES organizations,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, account)
);

CREATE INDEX provider_accounts_organization ON provider_accounts (organization_id);

-- Every event of a provider that verified, before and after it has taken effect. A delivery is
-- answered 2xx only if its event is here.
CREATE TABLE webhook_events (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    provider text NOT NULL CHECK (provider IN ('paypal', 'stripe')),
    -- The account whose endpoint received the event. It need not be in provider_accounts (yet).
    account text NOT NULL CHECK (account <> ''),
    event_id text NOT NULL CHECK (event_id <> ''),
    kind text NOT NULL,
    -- SHA-256 of the raw body, hexadecimal: the same event id with another body is another event.
    body_sha256 text NOT NULL CHECK (body_sha256 ~ '^[0-9a-f]{64}$'),
    -- received: the event is still to be applied. needs_review: an operator has to look at it; its
    -- money is recorded as far as it is certain.
    state text NOT NULL DEFAULT 'received'
        CHECK (state IN ('received', 'applied', 'needs_review', 'ignored')),
    reason text CHECK (reason ~ '^[a-z0-9-]+$'),
    -- Another body came under the same transmission id. PayPal signs little of the body, so
    -- nobody can tell which one is genuine.
    conflict boolean NOT NULL DEFAULT false,
    organization_id uuid REFERENCES organizations,
    order_id uuid,
    headers jsonb,
    body bytea,
    -- Headers and body are kept until then.
    body_expires_at timestamptz NOT NULL,
    occurred_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    last_delivery_at timestamptz NOT NULL DEFAULT now(),
    deliveries integer NOT NULL DEFAULT 1,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    applied_at timestamptz,
    -- Kind and id of the object that the event names at its provider, once it was looked up there.
    resource text,
    -- The provider's API shows that object as the body says.
    agreed boolean NOT NULL DEFAULT false,
    -- An operator has put the event aside. Another state or reason ends that.
    dismissed_at timestamptz,
    UNIQUE (provider, account, event_id, body_sha256),
    CHECK ((applied_at IS NOT NULL) = (state = 'applied')),
    CHECK (state <> 'needs_review' OR reason IS NOT NULL),
    CONSTRAINT webhook_events_dismissed CHECK (dismissed_at IS NULL OR state = 'needs_review')
);

CREATE INDEX webhook_events_due ON webhook_events (next_attempt_at) WHERE state = 'received';
CREATE INDEX webhook_events_open ON webhook_events (received_at)
    WHERE state IN ('received', 'needs_review');
CREATE INDEX webhook_events_order ON webhook_events (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX webhook_events_bodies ON webhook_events (body_expires_at) WHERE body IS NOT NULL;

\i code/webhooks/webhook_event_reopen.sql

CREATE TRIGGER reopen BEFORE UPDATE ON webhook_events FOR EACH ROW
    WHEN (OLD.dismissed_at IS NOT NULL
        AND (OLD.state, OLD.reason) IS DISTINCT FROM (NEW.state, NEW.reason))
    EXECUTE FUNCTION webhook_event_reopen();
ALTER TABLE webhook_events ENABLE ALWAYS TRIGGER reopen;

-- The bodies that came under each PayPal transmission id: one, unless somebody forges.
CREATE TABLE webhook_transmissions (
    provider text NOT NULL,
    account text NOT NULL,
    transmission_id text NOT NULL,
    body_sha256 text NOT NULL,
    event uuid NOT NULL REFERENCES webhook_events ON DELETE CASCADE,
    PRIMARY KEY (provider, account, transmission_id, body_sha256)
);

CREATE INDEX webhook_transmissions_event ON webhook_transmissions (event);

-- Transmissions that have brought more bodies than are kept. They are few, unless somebody forges.
CREATE TABLE webhook_transmission_floods (
    provider text NOT NULL,
    account text NOT NULL,
    transmission_id text NOT NULL,
    -- The beginning of the hour that is counted, and the bodies that came in it.
    since timestamptz NOT NULL DEFAULT now(),
    bodies integer NOT NULL DEFAULT 1,
    PRIMARY KEY (provider, account, transmission_id)
);

-- Objects at providers, each in its newest known state: payments (captures, payment intents),
-- authorizations, refunds, disputes. Events only bring observations of objects, in any order and
-- any number of times.
CREATE TABLE payment_objects (
    provider text NOT NULL,
    account text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('payment', 'authorization', 'refund', 'dispute')),
    object_id text NOT NULL CHECK (object_id <> ''),
    -- The payment that a refund or dispute belongs to, by its id or by its alias.
    parent_id text,
    -- A second id of the same object, such as the charge of a Stripe payment intent.
    alias text,
    state text NOT NULL CHECK (state IN ('pending', 'authorized', 'completed', 'failed',
        'cancelled', 'open', 'won', 'lost')),
    amount numeric(15, 3) CHECK (amount >= 0),
    currency currency_code,
    -- The sum that the provider says was refunded of the payment in all, and when it said so.
    -- On a refund: the sum after it.
    refunded_total numeric(15, 3) CHECK (refunded_total >= 0),
    refunded_total_at timestamptz,
    -- The provider forced this refund.
    reversal boolean NOT NULL DEFAULT false,
    order_reference text,
    -- An event named another order, too. The first order keeps the object.
    contested boolean NOT NULL DEFAULT false,
    -- The PayPal order or Stripe checkout session that the object belongs to.
    external_order text,
    payee text,
    -- The provider's own time of this state; -infinity if the provider gave none.
    changed_at timestamptz NOT NULL,
    completed_at timestamptz,
    -- The one order that the object counts for. Once set, it stays as long as the order does.
    order_id uuid REFERENCES orders ON DELETE SET NULL,
    -- The reason why the object must not count for any order.
    refused text CHECK (refused ~ '^[a-z-]+$'),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, account, kind, object_id),
    CHECK ((amount IS NULL) = (currency IS NULL)),
    CHECK (kind = 'dispute' OR amount IS NOT NULL)
);

CREATE INDEX payment_objects_order ON payment_objects (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX payment_objects_waiting ON payment_objects (order_reference) WHERE order_id IS NULL;
CREATE INDEX payment_objects_waiting_outside ON payment_objects (external_order)
    WHERE order_id IS NULL;
CREATE INDEX payment_objects_parent ON payment_objects (provider, account, parent_id)
    WHERE parent_id IS NOT NULL;
CREATE INDEX payment_objects_alias ON payment_objects (provider, account, alias)
    WHERE alias IS NOT NULL;

-- The objects that each event spoke of.
CREATE TABLE webhook_event_objects (
    event uuid NOT NULL REFERENCES webhook_events ON DELETE CASCADE,
    provider text NOT NULL,
    account text NOT NULL,
    kind text NOT NULL,
    object_id text NOT NULL,
    PRIMARY KEY (event, provider, account, kind, object_id),
    FOREIGN KEY (provider, account, kind, object_id) REFERENCES payment_objects ON DELETE CASCADE
);

CREATE INDEX webhook_event_objects_object
    ON webhook_event_objects (provider, account, kind, object_id);

-- Certificates of providers that have passed verification: Redis may lose its copies, and then
-- nothing has to be fetched again.
CREATE TABLE provider_certificates (
    url text PRIMARY KEY CHECK (length(url) BETWEEN 1 AND 500),
    -- The certificate as it was served. Its reader verifies it again.
    pem text NOT NULL CHECK (octet_length(pem) <= 65536),
    passed_at timestamptz NOT NULL DEFAULT now()
);

-- Fetches of certificates within the last minute. Their limit holds whatever becomes of Redis.
CREATE TABLE provider_certificate_fetches (
    url text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

--------------------------------------------------------------------------------------------------
-- Payment sessions, refunds, guest tokens, and the audit of payments.

-- A shopper's way through a payment. Redis keeps a copy for speed; this row is what counts.
-- A session that looks like fraud waits in needs_review before its provider is asked. An operator
-- lets it go on, its caller cancels it, or its time ends. It takes the order's one place like any
-- open session.
CREATE TABLE payment_sessions (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    order_id uuid NOT NULL,
    gateway text NOT NULL CHECK (gateway IN ('paypal', 'stripe', 'other')),
    account text,
    -- creating: the provider has been or is being asked. A session is shown from needs_review or
    -- awaiting_redirect on.
    status text NOT NULL DEFAULT 'creating' CHECK (status IN ('creating', 'needs_review',
        'awaiting_redirect', 'awaiting_callback', 'completed', 'failed')),
    -- The reason of a failure, such as cancelled, expired, superseded.
    reason text,
    -- The order's total when the session was made. A session for another sum is not this order's.
    amount numeric(15, 3) NOT NULL CHECK (is_amount(amount, currency)),
    currency currency_code NOT NULL,
    -- The caller that made the session, its Idempotency-Key, and the SHA-256 of its body.
    principal text NOT NULL,
    idempotency_key text NOT NULL,
    body_hash text NOT NULL,
    return_url text NOT NULL,
    -- The provider's order, checkout session or payment intent, and its page for the shopper.
    external_id text CHECK (external_id <> ''),
    redirect_url text,
    -- Event id, type, status and amount of the last event; never its body.
    webhook_data jsonb,
    -- One caller is asking the provider until then, and no other may.
    leased_until timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- The shopper's way back after giving up. The operator that lets a held session go on needs it.
    cancel_url text,
    review_score integer,
    review_signals text[],
    -- The operator that let the session go on. Such a session isn't judged again.
    released_by text,
    released_at timestamptz,
    -- The number of refused captures of the object that the session has opened.
    capture_refusals integer NOT NULL DEFAULT 0,
    UNIQUE (organization_id, principal, idempotency_key),
    CONSTRAINT payment_sessions_external_check CHECK (
        status IN ('creating', 'needs_review', 'failed')
        OR external_id IS NOT NULL OR gateway = 'other'),
    CONSTRAINT payment_sessions_check2 CHECK (reason IS NULL OR status = 'failed'),
    FOREIGN KEY (order_id, organization_id, customer_id)
        REFERENCES orders (id, organization_id, customer_id) ON UPDATE CASCADE ON DELETE CASCADE
);

-- One open session per order.
CREATE UNIQUE INDEX payment_sessions_open ON payment_sessions (order_id)
    WHERE status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback');
CREATE UNIQUE INDEX payment_sessions_external ON payment_sessions (gateway, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX payment_sessions_expiry ON payment_sessions (expires_at)
    WHERE status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback');
-- A customer's latest sessions, and an organisation's newest.
CREATE INDEX payment_sessions_customer
    ON payment_sessions (organization_id, customer_id, created_at);
CREATE INDEX payment_sessions_newest
    ON payment_sessions (organization_id, created_at DESC, id DESC);

\i code/cache/announce_payment_sessions.sql

CREATE TRIGGER announce_update AFTER UPDATE ON payment_sessions REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_payment_sessions();
CREATE TRIGGER announce_delete AFTER DELETE ON payment_sessions REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_payment_sessions();
CREATE TRIGGER announce_truncate AFTER TRUNCATE ON payment_sessions
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
ALTER TABLE payment_sessions ENABLE ALWAYS TRIGGER announce_update,
    ENABLE ALWAYS TRIGGER announce_delete, ENABLE ALWAYS TRIGGER announce_truncate;

\i code/payments/payments_of_new_orders.sql

CREATE TRIGGER payments_of_new_orders AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION payments_of_new_orders();

\i code/payments/payments_of_session.sql

CREATE TRIGGER payments_of_session AFTER INSERT OR UPDATE OF external_id ON payment_sessions
    FOR EACH ROW EXECUTE FUNCTION payments_of_session();

-- Refunds that an operator has asked for. The provider may be away: the wish is kept here and sent
-- later, exactly once.
CREATE TABLE refund_requests (
    -- The provider gets it as the idempotent request id, too.
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    order_id uuid NOT NULL,
    payment_id uuid NOT NULL REFERENCES payments,
    amount numeric(15, 3) NOT NULL CHECK (amount > 0),
    currency currency_code NOT NULL,
    note text,
    principal text NOT NULL,
    idempotency_key text NOT NULL,
    body_hash text NOT NULL,
    -- queued becomes sent or failed. needs_review: the provider may or may not have made the
    -- refund, and no longer knows the request id.
    state text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'sent', 'failed', 'needs_review')),
    reason text,
    -- The refund at the provider.
    external_id text,
    attempts integer NOT NULL DEFAULT 0,
    first_attempt_at timestamptz,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    leased_until timestamptz,
    lease uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, principal, idempotency_key),
    CHECK ((external_id IS NOT NULL) = (state = 'sent'))
);

CREATE INDEX refund_requests_due ON refund_requests (next_attempt_at) WHERE state = 'queued';
CREATE INDEX refund_requests_payment ON refund_requests (payment_id);

-- Tokens by which guests open one order's public view. Of a token only an HMAC is here; the key
-- is the application's.
CREATE TABLE guest_tokens (
    token_hmac bytea PRIMARY KEY CHECK (length(token_hmac) = 32),
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    order_id uuid NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    FOREIGN KEY (order_id, organization_id, customer_id)
        REFERENCES orders (id, organization_id, customer_id) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE INDEX guest_tokens_order ON guest_tokens (order_id);
CREATE INDEX guest_tokens_expiry ON guest_tokens (expires_at);

-- Every change of a payment, of an object at a provider and of a refund to be sent: the row before
-- and after. Rows are only added.
CREATE TABLE payment_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- The event or principal that payment_actor named in this transaction, else the database's
    -- user.
    actor text NOT NULL,
    relation text NOT NULL,
    organization_id uuid,
    order_id uuid,
    -- before is NULL if the row is new, after if it is gone.
    before jsonb,
    after jsonb
);

CREATE INDEX payment_audit_order ON payment_audit (order_id, id) WHERE order_id IS NOT NULL;

\i code/payments/audit_payment.sql

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON payments
    FOR EACH ROW EXECUTE FUNCTION audit_payment();
ALTER TABLE payments ENABLE ALWAYS TRIGGER audit;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON payment_objects
    FOR EACH ROW EXECUTE FUNCTION audit_payment();
ALTER TABLE payment_objects ENABLE ALWAYS TRIGGER audit;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON refund_requests
    FOR EACH ROW EXECUTE FUNCTION audit_payment();

\i code/payments/keep_audit.sql

CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_audit
    FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();
