-- Payments of many years, for plans and costs: as many sessions, payments, objects, events and
-- refunds as the temporary table `growth` says, of the fixture's first organisation. All is made up
-- by number.
--
-- All but one of their orders aren't there, and no trigger fires: nothing that is measured looks at
-- them, and the rows come in seconds.
SET session_replication_role = replica;
CREATE TEMP TABLE resting AS
SELECT t.tgrelid::regclass AS owner, t.tgname AS name FROM pg_trigger t
WHERE NOT t.tgisinternal AND t.tgenabled = 'A'
    AND t.tgrelid = ANY ('{payment_objects,payments,payment_sessions,webhook_events}'::regclass[]);
DO $$
DECLARE r record;
BEGIN
    FOR r IN SELECT * FROM resting LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', r.owner, r.name);
    END LOOP;
END $$;

INSERT INTO provider_accounts (provider, account, organization_id) VALUES
    ('paypal', 'MERCHANT1', 'aaaaaaaa-0000-7000-8000-000000000001'),
    ('paypal', 'MERCHANT2', 'aaaaaaaa-0000-7000-8000-000000000002'),
    ('stripe', 'acct_1', 'aaaaaaaa-0000-7000-8000-000000000001');

CREATE TEMP TABLE n AS
SELECT n, 'aaaaaaaa-0000-7000-8000-000000000001'::uuid AS org,
    'bbbbbbbb-0000-7000-8000-000000000001'::uuid AS customer,
    md5('order' || n)::uuid AS order_id, md5('payment' || n)::uuid AS payment,
    md5('session' || n)::uuid AS session, md5('event' || n)::uuid AS event,
    now() - (g.rows - n) * interval '10 seconds' AS at,
    -- What waits for somebody doesn't grow with the years.
    n > g.rows - 300000 AS recent
FROM growth g, generate_series(1, g.rows) AS n;

-- One in a thousand is held, and the time of most of these is over.
INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, account, status,
    reason, amount, currency, principal, idempotency_key, body_hash, return_url, external_id,
    leased_until, expires_at, created_at, updated_at)
SELECT session, org, customer, order_id, 'paypal', 'MERCHANT1',
    CASE WHEN n % 1000 = 0 AND recent THEN 'needs_review' WHEN n % 3 = 0 THEN 'failed'
        ELSE 'completed' END,
    CASE WHEN n % 3 = 0 AND NOT (n % 1000 = 0 AND recent) THEN 'expired' END, 10, 'EUR', 'somebody', n::text, 'hash',
    'https://shop.example/', 'O-' || n, at,
    CASE WHEN n % 10000 = 0 THEN now() + interval '1 day' ELSE at END, at, at
FROM n;

-- One in fifty waits for its order.
INSERT INTO payment_objects (provider, account, kind, object_id, state, amount, currency,
    order_reference, external_order, payee, changed_at, completed_at, order_id, updated_at)
SELECT 'paypal', 'MERCHANT1', 'payment', 'C-' || n,
    CASE WHEN n % 3 = 0 THEN 'failed' ELSE 'completed' END, 10, 'EUR', order_id, 'O-' || n,
    'MERCHANT1', at, at, CASE WHEN n % 50 <> 0 THEN order_id END, at
FROM n;

INSERT INTO payments (id, order_id, organization_id, customer_id, provider, account, external_id,
    external_order_id, status, currency, amount, captured_at, created_at, updated_at)
SELECT payment, order_id, org, customer, 'paypal', 'MERCHANT1', 'C-' || n, 'O-' || n,
    CASE WHEN n % 3 = 0 THEN 'failed' ELSE 'paid' END, 'EUR', 10,
    CASE WHEN n % 3 <> 0 THEN at END, at, at
FROM n;

-- One in fifty waits, one in two hundred is in review, one in seven was ignored.
INSERT INTO webhook_events (id, provider, account, event_id, kind, body_sha256, state, reason,
    organization_id, order_id, headers, body, body_expires_at, received_at, last_delivery_at,
    next_attempt_at, applied_at)
SELECT event, 'paypal', 'MERCHANT1', 'WH-' || n,
    CASE WHEN n % 3 = 0 THEN 'PAYMENT.CAPTURE.DENIED' ELSE 'PAYMENT.CAPTURE.COMPLETED' END,
    md5(n::text) || md5(n::text), c.state,
    CASE c.state WHEN 'received' THEN 'order-unknown' WHEN 'needs_review' THEN 'overpaid'
        WHEN 'ignored' THEN 'unknown-type' END,
    org, order_id, '{}', '{}',
    CASE c.state WHEN 'received' THEN now() ELSE at END + interval '30 days', at, at, at,
    CASE WHEN c.state = 'applied' THEN at END
FROM n, LATERAL (SELECT CASE WHEN n % 50 = 0 AND recent THEN 'received'
    WHEN n % 201 = 0 AND recent THEN 'needs_review' WHEN n % 7 = 0 THEN 'ignored' ELSE 'applied' END AS state) AS c;

INSERT INTO webhook_transmissions (provider, account, transmission_id, body_sha256, event)
SELECT 'paypal', 'MERCHANT1', 'T-' || n, md5(n::text) || md5(n::text), event FROM n;

INSERT INTO webhook_event_objects (event, provider, account, kind, object_id)
SELECT event, 'paypal', 'MERCHANT1', 'payment', 'C-' || n FROM n WHERE n % 7 <> 0;

INSERT INTO refund_requests (id, organization_id, order_id, payment_id, amount, currency, principal,
    idempotency_key, body_hash, state, external_id, created_at, updated_at)
SELECT md5('refund' || n)::uuid, org, order_id, payment, 1, 'EUR', 'somebody', n::text, 'hash',
    c.state, CASE WHEN c.state = 'sent' THEN 'R-' || n END, at, at
FROM n, LATERAL (SELECT CASE WHEN n % 1000 = 0 AND recent THEN 'needs_review'
    WHEN n % 500 = 0 AND recent THEN 'queued' WHEN n % 40 = 0 THEN 'failed' ELSE 'sent' END AS state) AS c;

INSERT INTO payment_transactions (id, organization_id, order_id, payment_id, provider, account,
    external_id, type, amount, currency, xid, created_at)
SELECT md5('transaction' || n)::uuid, org, order_id, payment, 'paypal', 'MERCHANT1', 'C-' || n,
    'capture', 10, 'EUR', (1000 + n / 100)::text::xid8, at
FROM n WHERE n % 3 <> 0;

INSERT INTO order_audit (at, actor, relation, organization_id, order_id, after)
SELECT at, 'somebody', 'orders', org, order_id, '{"status": "confirmed"}' FROM n;

-- What is held and was held of stock: one order in ten still stands, and one in a thousand of all
-- waits for a product-service, or for somebody.
CREATE TEMP TABLE held AS
SELECT n.*, CASE WHEN n = 71 THEN 'reserved' WHEN n % 1000 = 0 AND recent THEN 'stock_missing'
        WHEN n % 1000 = 1 AND recent THEN 'optimistic' WHEN n % 10 = 1 AND recent THEN 'reserved'
        WHEN n % 10 = 2 THEN 'released' ELSE 'deducted' END AS state
FROM n;

INSERT INTO stock_holds (id, organization_id, order_id, items, state, reservation, may_expire,
    held_since, settled_at, next_attempt_at, created_at)
SELECT md5('hold' || n)::uuid, org, order_id, '[{"sku": "CUP", "quantity": 1}]', state, 'res-' || n,
    state = 'reserved' AND n % 4 = 1, CASE WHEN n % 10000 = 1 THEN at ELSE now() END,
    CASE WHEN state IN ('released', 'deducted') THEN at END, now(), at
FROM held;

INSERT INTO stock_reservations (order_id, position, organization_id, sku, quantity, state,
    may_expire, held_since, settled_at)
SELECT order_id, 1, org, 'CUP', 1, CASE WHEN state IN ('released', 'deducted') THEN state
        ELSE 'reserved' END, state = 'reserved' AND n % 4 = 1,
    CASE WHEN n % 10000 = 1 THEN at ELSE now() END,
    CASE WHEN state IN ('released', 'deducted') THEN at END
FROM held;

INSERT INTO orders (id, organization_id, customer_id, currency, total_amount)
SELECT order_id, org, customer, 'EUR', 10 FROM n WHERE n = 71;

DO $$
DECLARE r record;
BEGIN
    FOR r IN SELECT * FROM resting LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', r.owner, r.name);
    END LOOP;
END $$;
DROP TABLE n, held, resting, growth;
SET session_replication_role = DEFAULT;
