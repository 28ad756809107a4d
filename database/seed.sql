-- A realistic data set, the same on every machine: no random(), no clock; every choice is a digest
-- of a row's number.
--
--   psql -v ON_ERROR_STOP=1 [-v seed_orders=10000] DATABASE_URL -f database/seed.sql
--
-- Three organisations, orders in EUR, RON, USD and JPY, placed over the two years before
-- 2026-07-01. On a database that has been seeded it does nothing. The organisations' ids:
--   0190a000-0000-7000-8000-000000000001  Atelier Carpati (every second order)
--   0190a000-0000-7000-8000-000000000002  Munte si Mare
--   0190a000-0000-7000-8000-000000000003  Casa Verde
\set ON_ERROR_STOP on
\if :{?seed_orders}
\else
    \set seed_orders 10000
\endif
SELECT EXISTS (SELECT FROM organizations WHERE id = '0190a000-0000-7000-8000-000000000001') AS seeded \gset
\if :seeded
    \echo 'already seeded'
    \quit
\endif

-- VACUUM at the end marks pages as visible to all, for index-only scans: it can't while a commit,
-- its own included, isn't on disk.
SET synchronous_commit = on;
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL timezone = 'UTC';

-- A number from 0 to bound - 1, drawn from a row's number and a word.
CREATE FUNCTION pg_temp.draw(n bigint, word text, bound integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN ('x' || substr(md5(word || n::text), 1, 7))::bit(28)::integer % bound;

CREATE FUNCTION pg_temp.pick(n bigint, word text, choices text[]) RETURNS text LANGUAGE sql IMMUTABLE
RETURN choices[1 + pg_temp.draw(n, word, cardinality(choices))];

-- A UUID of version 7: the time, then a digest.
CREATE FUNCTION pg_temp.id_of(moment timestamptz, word text) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '7' || substr(md5(word), 1, 3)
    || 'a' || substr(md5(word), 4, 15))::uuid;

-- A CUI of up to nine digits with its check digit.
CREATE FUNCTION pg_temp.cui_of(digits bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN (SELECT digits::text || d FROM generate_series(0, 9) AS d WHERE is_cui(digits::text || d));

-- Bulk loading: our own triggers rest (they would announce each statement), foreign keys and checks
-- don't. As they were, after it.
CREATE TEMPORARY TABLE resting ON COMMIT DROP AS
SELECT t.tgrelid::regclass AS owner, t.tgname AS name, t.tgenabled AS enabled FROM pg_trigger t
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
    AND t.tgrelid = ANY ('{orders,order_items,payments,shipments,invoices,invoice_lines,invoice_series,credit_notes,credit_note_lines,customers,product_schemas,products}'::regclass[])
    -- Products are few, and are found by their words.
    AND t.tgname NOT LIKE 'keep_words%';
DO $$
DECLARE r record;
BEGIN
    FOR r IN SELECT * FROM resting LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', r.owner, r.name); END LOOP;
END $$;

INSERT INTO organizations (id, name, legal_name, cui, trade_register, address, created_at)
SELECT ('0190a000-0000-7000-8000-00000000000' || k)::uuid, o.name, upper(o.name) || ' SRL', 'RO' || pg_temp.cui_of(1843507 + 7919 * k),
    o.register, jsonb_build_object('line1', o.street, 'city', o.city, 'region', o.county, 'postalCode', o.code, 'country', 'RO'),
    '2024-01-15T08:00:00Z'
FROM (VALUES
    (1, 'Atelier Carpati', 'J08/1432/2016', 'Strada Republicii 24', 'Brasov', 'BV', '500030'),
    (2, 'Munte si Mare', 'J13/877/2018', 'Bulevardul Tomis 112', 'Constanta', 'CT', '900657'),
    (3, 'Casa Verde', 'J12/2051/2014', 'Strada Memorandumului 8', 'Cluj-Napoca', 'CJ', '400114')
) AS o (k, name, register, street, city, county, code);

-- The goods: a price in EUR each, in other currencies at a round price of their own.
INSERT INTO products (id, organization_id, sku, name, currency, price, created_at, updated_at)
SELECT pg_temp.id_of('2024-01-20T08:00:00Z', 'product' || g.id || p.sku || c.currency), g.id, p.sku, p.name, c.currency,
    CASE WHEN p.eur = 0 THEN 0 WHEN c.currency = 'EUR' THEN p.eur ELSE greatest(round(p.eur * c.rate / c.step), 1) * c.step - c.off END,
    '2024-01-20T08:00:00Z', '2024-01-20T08:00:00Z'
FROM organizations g, (VALUES
    ('CUP-CER-01', 'Stoneware cup, blue glaze', 14.90), ('CUP-CER-02', 'Stoneware cup, white glaze', 14.90),
    ('BWL-CER-01', 'Soup bowl, Horezu pattern', 22.50), ('PLT-CER-01', 'Dinner plate, Horezu pattern', 27.00),
    ('JUG-CER-01', 'Water jug, 1.2 l', 39.00), ('VAS-CER-01', 'Tall vase, black clay of Marginea', 64.00),
    ('BLK-WOL-01', 'Wool blanket, 150 x 200 cm', 89.00), ('BLK-WOL-02', 'Wool blanket, 200 x 220 cm', 129.00),
    ('SCF-WOL-01', 'Merino scarf, grey', 34.90), ('SCK-WOL-01', 'Hiking socks, pair', 12.50),
    ('JCK-OUT-01', 'Rain jacket, women', 119.00), ('JCK-OUT-02', 'Rain jacket, men', 119.00),
    ('BPK-OUT-01', 'Day pack, 22 l', 74.90), ('BPK-OUT-02', 'Trekking pack, 55 l', 169.00),
    ('TNT-OUT-01', 'Tent for two', 249.00), ('MAT-OUT-01', 'Sleeping mat, inflatable', 69.90),
    ('BOT-OUT-01', 'Steel bottle, 750 ml', 19.90), ('LMP-OUT-01', 'Head lamp, 400 lm', 34.50),
    ('HNY-FOD-01', 'Acacia honey, 500 g', 8.90), ('HNY-FOD-02', 'Linden honey, 500 g', 8.90),
    ('JAM-FOD-01', 'Rose hip jam, 300 g', 6.50), ('TEA-FOD-01', 'Mountain herb tea, 20 bags', 4.20),
    ('OIL-FOD-01', 'Sea buckthorn oil, 100 ml', 15.80), ('WNE-FOD-01', 'Feteasca Neagra, 0.75 l', 13.40),
    ('CND-HOM-01', 'Beeswax candle, pair', 9.80), ('SOP-HOM-01', 'Lavender soap, 100 g', 4.90),
    ('BRD-HOM-01', 'Oak cutting board', 32.00), ('SPN-HOM-01', 'Carved wooden spoon', 11.00),
    ('LIN-HOM-01', 'Linen table cloth, 140 x 240 cm', 79.00), ('TWL-HOM-01', 'Waffle towel, set of 3', 36.00),
    ('PLN-GRD-01', 'Olive tree, 80 cm', 44.00), ('POT-GRD-01', 'Terracotta pot, 30 cm', 18.00),
    ('SED-GRD-01', 'Meadow flower seeds', 3.60), ('TOL-GRD-01', 'Pruning shears', 28.90),
    ('SMP-GFT-01', 'Sample box', 0)
) AS p (sku, name, eur), (VALUES
    ('EUR', 1, 0.01, 0), ('RON', 5, 1, 0.01), ('USD', 1.1, 1, 0.05), ('JPY', 165, 10, 0)
) AS c (currency, rate, step, off);

-- Two schemas each, and what they say about some of the goods. (Still version 1: it is one
-- transaction.)
INSERT INTO product_schemas (id, organization_id, name, fields, created_at, updated_at)
SELECT pg_temp.id_of('2024-01-18T08:00:00Z', 'schema' || g.id || s.name), g.id, s.name, s.fields::jsonb, '2024-01-18T08:00:00Z', '2024-01-18T08:00:00Z'
FROM organizations g, (VALUES
    ('Outdoor', '[{"name": "weight", "label": "Weight in kg", "type": "number", "required": true, "choices": null},
        {"name": "season", "label": "Season", "type": "choice", "required": false, "choices": ["summer", "three seasons", "winter"]},
        {"name": "waterproof", "label": "Waterproof", "type": "boolean", "required": false, "choices": null},
        {"name": "care", "label": "Care", "type": "text", "required": false, "choices": null},
        {"name": "since", "label": "In the range since", "type": "date", "required": false, "choices": null}]'),
    ('Food', '[{"name": "origin", "label": "Origin", "type": "text", "required": true, "choices": null},
        {"name": "organic", "label": "Organic", "type": "boolean", "required": false, "choices": null}]')
) AS s (name, fields);

UPDATE products p SET schema_id = s.id, fields = d.fields,
    description = p.name || ', from ' || g.name || '.',
    images = jsonb_build_array(jsonb_build_object('url', 'https://images.example.com/' || lower(p.sku) || '.jpg', 'alt', p.name))
FROM product_schemas s JOIN organizations g ON g.id = s.organization_id, (VALUES
    ('JCK-OUT-01', 'Outdoor', '{"weight": "0.42", "season": "three seasons", "waterproof": true, "care": "Wash at 30 degrees."}'::jsonb),
    ('JCK-OUT-02', 'Outdoor', '{"weight": "0.48", "season": "three seasons", "waterproof": true, "care": "Wash at 30 degrees."}'),
    ('BPK-OUT-01', 'Outdoor', '{"weight": "0.9", "waterproof": false, "since": "2023-03-01"}'),
    ('BPK-OUT-02', 'Outdoor', '{"weight": "1.75", "waterproof": false, "since": "2022-05-15"}'),
    ('TNT-OUT-01', 'Outdoor', '{"weight": "2.6", "season": "three seasons", "waterproof": true}'),
    ('MAT-OUT-01', 'Outdoor', '{"weight": "0.55", "season": "winter"}'),
    ('HNY-FOD-01', 'Food', '{"origin": "Vrancea", "organic": true}'), ('HNY-FOD-02', 'Food', '{"origin": "Buzau", "organic": true}'),
    ('WNE-FOD-01', 'Food', '{"origin": "Dealu Mare", "organic": false}')
) AS d (sku, schema, fields)
WHERE p.organization_id = s.organization_id AND p.sku = d.sku AND s.name = d.schema;

-- Buyers, about one for eight orders; some are companies.
CREATE TEMPORARY TABLE buyers ON COMMIT DROP AS
SELECT k, i, n, first, last, p.*, pg_temp.draw(n, 'company', 100) < 15 AS is_company,
    pg_temp.id_of('2024-02-01T00:00:00Z'::timestamptz + n * interval '1 second', 'customer' || n) AS id
FROM (SELECT k, i, i * 3 + k AS n FROM generate_series(1, 3) AS k, generate_series(1, greatest(20, :seed_orders / 24)) AS i) AS numbered
CROSS JOIN LATERAL (SELECT
    pg_temp.pick(n, 'first', '{Andrei,Maria,Elena,Mihai,Ioana,Stefan,Ana,Radu,Cristina,Vlad,Laura,Bogdan,Irina,Daniel,Simona,Paul,Anna,Lukas,Sofia,Emma,Yuki,Kenji,James,Olivia,Zsofia,Gabor}') AS first,
    pg_temp.pick(n, 'last', '{Popescu,Ionescu,Dumitru,Stan,Stoica,Gheorghe,Matei,Ciobanu,Rusu,Marin,Munteanu,Lazar,Moldovan,Nagy,Kovacs,Weber,Fischer,Martin,Rossi,Novak,Tanaka,Sato,Miller,Clark,Moraru,Dobre}') AS last,
    string_to_array(pg_temp.pick(n, 'place', '{Calea Victoriei|Bucuresti|B|010071|RO,Strada Lapusneanu|Iasi|IS|700057|RO,Strada Eroilor|Cluj-Napoca|CJ|400129|RO,Bulevardul Revolutiei|Arad|AR|310130|RO,Strada Alba Iulia|Timisoara|TM|300077|RO,Strada Balcescu|Sibiu|SB|550159|RO,Bulevardul Mamaia|Constanta|CT|900527|RO,Lindenstrasse|Berlin|BE|10969|DE,Leopoldstrasse|Muenchen|BY|80802|DE,Rue de Rivoli|Paris|IDF|75004|FR,Andrassy ut|Budapest|BU|1061|HU,Mariahilfer Strasse|Wien|9|1060|AT,Valencia Street|San Francisco|CA|94110|US,Meiji-dori|Tokyo|13|150-0001|JP}'), '|') AS place
) AS p0 CROSS JOIN LATERAL (SELECT
    jsonb_build_object('name', first || ' ' || last, 'line1', place[1] || ' ' || 1 + pg_temp.draw(n, 'house', 180), 'city', place[2],
        'region', place[3], 'postalCode', place[4], 'country', place[5]) AS address
) AS p;
CREATE UNIQUE INDEX ON buyers (k, i);
ANALYZE buyers;

INSERT INTO customers (id, organization_id, name, email, company_name, cui, address, created_at)
SELECT id, ('0190a000-0000-7000-8000-00000000000' || k)::uuid, first || ' ' || last, lower(first || '.' || last) || '.' || n || '@example.com',
    CASE WHEN is_company THEN last || ' & Co' || CASE address ->> 'country' WHEN 'RO' THEN ' SRL' ELSE '' END END,
    CASE WHEN NOT is_company THEN NULL WHEN address ->> 'country' = 'RO' THEN 'RO' || pg_temp.cui_of(300000 + n * 13)
        ELSE (address ->> 'country') || lpad((n * 7919 % 1000000000)::text, 9, '0') END,
    address, '2024-02-01T00:00:00Z'::timestamptz + n * interval '1 second'
FROM buyers;

-- Of a thousand orders or more, chance gives the first organisation some of each kind. Of fewer, it
-- has the newest, still to be paid, and the oldest, delivered: there is something to show and to
-- pay.
SELECT CASE WHEN :seed_orders < 1000 THEN 1 ELSE 0 END AS oldest, CASE WHEN :seed_orders < 1000 THEN :seed_orders ELSE 0 END AS newest \gset

-- One row per order with all that is decided about it; few buyers order much, most a little.
CREATE TEMPORARY TABLE plans ON COMMIT DROP AS
SELECT s.*, pg_temp.id_of(created_at, 'order' || s.n) AS id, ('0190a000-0000-7000-8000-00000000000' || s.k)::uuid AS organization_id,
    b.id AS customer_id, b.address, b.first || ' ' || b.last AS buyer,
    CASE
        WHEN s.n = :newest THEN 'pending'
        WHEN s.n = :oldest THEN 'delivered'
        WHEN age <= 2 THEN CASE WHEN r < 600 THEN 'pending' WHEN r < 900 THEN 'confirmed' ELSE 'cancelled' END
        WHEN age <= 6 THEN CASE WHEN r < 150 THEN 'pending' WHEN r < 450 THEN 'confirmed' WHEN r < 900 THEN 'processing' ELSE 'cancelled' END
        WHEN age <= 14 THEN CASE WHEN r < 200 THEN 'processing' WHEN r < 700 THEN 'shipped' WHEN r < 920 THEN 'delivered' ELSE 'cancelled' END
        ELSE CASE WHEN r < 870 THEN 'delivered' WHEN r < 950 THEN 'cancelled' WHEN r < 985 THEN 'shipped' ELSE 'pending' END
    END AS status,
    created_at + interval '1 day' + pg_temp.draw(s.n, 'shipped', 129600) * interval '1 second' AS shipped_at,
    created_at + interval '3 days' + pg_temp.draw(s.n, 'delivered', 216000) * interval '1 second' AS delivered_at
FROM (
    SELECT n, '2026-07-01T00:00:00Z'::timestamptz - created_before AS created_at, extract(epoch FROM created_before) / 86400 AS age,
        pg_temp.draw(n, 'status', 1000) AS r, n % 250 = 0 AND n <> :newest AS is_free,
        CASE WHEN n = :newest THEN 0 ELSE pg_temp.draw(n, 'paid', 1000) END AS paid_draw,
        CASE WHEN n IN (:oldest, :newest) THEN 1 ELSE (ARRAY[1, 1, 1, 1, 1, 2, 2, 2, 3, 3])[1 + pg_temp.draw(n, 'org', 10)] END AS k,
        CASE WHEN n = :newest THEN 'EUR' ELSE (ARRAY['EUR', 'EUR', 'EUR', 'EUR', 'RON', 'RON', 'RON', 'USD', 'USD', 'JPY'])[
            1 + pg_temp.draw(n, 'currency', 10)] END AS currency,
        1 + floor(greatest(20, :seed_orders / 24) * power(pg_temp.draw(n, 'buyer', 10000) / 10000.0, 2))::integer AS i
    FROM (SELECT n, interval '730 days' * ((:seed_orders - n + pg_temp.draw(n, 'placed', 1000) / 1000.0) / :seed_orders) + interval '1 hour' AS created_before
        FROM generate_series(1, :seed_orders) AS n) AS placed
) AS s JOIN buyers b ON b.k = s.k AND b.i = s.i;

CREATE TEMPORARY TABLE articles ON COMMIT DROP AS
SELECT organization_id, currency, sku, name, price,
    row_number() OVER (PARTITION BY organization_id, currency ORDER BY sku = 'SMP-GFT-01', sku COLLATE "C") AS article FROM products;
ANALYZE articles;

CREATE TEMPORARY TABLE lines ON COMMIT DROP AS
WITH chosen AS MATERIALIZED (
    SELECT p.n, p.organization_id, p.currency, position,
        1 + pg_temp.draw(p.n, 'quantity' || position, 10) / 7 + pg_temp.draw(p.n, 'more' || position, 20) / 19 * 3 AS quantity,
        CASE WHEN p.is_free THEN 35 ELSE 1 + pg_temp.draw(p.n, 'sku' || position, 34) END AS article
    FROM plans p, generate_series(1, CASE WHEN p.is_free THEN 1 ELSE (ARRAY[1, 1, 1, 2, 2, 2, 3, 3, 4, 5])[1 + pg_temp.draw(p.n, 'lines', 10)] END) AS position
)
SELECT c.n, c.position, a.sku, a.name, c.quantity, a.price
FROM chosen c JOIN articles a ON a.organization_id = c.organization_id AND a.currency = c.currency AND a.article = c.article;
ANALYZE lines;

CREATE TEMPORARY TABLE priced ON COMMIT DROP AS
SELECT p.*, t.total, CASE
        WHEN t.total = 0 THEN 'none_required'
        WHEN status = 'pending' THEN CASE WHEN paid_draw < 600 THEN 'unpaid' WHEN paid_draw < 850 THEN 'pending' ELSE 'failed' END
        WHEN status = 'confirmed' THEN CASE WHEN paid_draw < 450 THEN 'authorized' WHEN paid_draw < 560 THEN 'partially_paid' ELSE 'paid' END
        WHEN status = 'delivered' THEN CASE WHEN paid_draw < 940 THEN 'paid' WHEN paid_draw < 970 THEN 'partially_refunded'
            WHEN paid_draw < 990 THEN 'refunded' WHEN paid_draw < 996 THEN 'disputed' ELSE 'reversed' END
        WHEN status = 'cancelled' THEN CASE WHEN paid_draw < 550 THEN 'unpaid' WHEN paid_draw < 850 THEN 'refunded' ELSE 'failed' END
        ELSE 'paid'
    END AS payment_status,
    (ARRAY['paypal', 'stripe'])[1 + pg_temp.draw(p.n, 'provider', 2)] AS provider,
    created_at + (30 + pg_temp.draw(p.n, 'seconds', 1200)) * interval '1 second' AS paid_at,
    round(t.total * (0.2 + pg_temp.draw(p.n, 'part', 60) / 100.0), minor_digits(p.currency)) AS part
FROM plans p JOIN (SELECT n, sum(quantity * price) AS total FROM lines GROUP BY n) AS t ON t.n = p.n;
ANALYZE priced;

INSERT INTO orders (id, organization_id, customer_id, order_number, status, payment_status, currency, total_amount, notes,
    shipping_address, external_transaction_id, version, created_at, updated_at)
SELECT id, organization_id, customer_id, 'EO-' || lpad(n::text, greatest(8, length(n::text)), '0'), status, payment_status, currency, total,
    CASE WHEN pg_temp.draw(n, 'notes', 10) = 0 THEN pg_temp.pick(n, 'note', '{"Please ring twice.","Leave it with the neighbour.","It is a present: no prices, please.","Call before delivery.","Poarta verde, interfon 12."}') END,
    address, CASE WHEN payment_status NOT IN ('unpaid', 'none_required') THEN CASE provider WHEN 'stripe' THEN 'pi_' || substr(md5('payment' || n), 1, 24)
        ELSE upper(substr(md5('payment' || n), 1, 17)) END END,
    CASE status WHEN 'pending' THEN 1 WHEN 'confirmed' THEN 2 WHEN 'cancelled' THEN 2 WHEN 'processing' THEN 3 WHEN 'shipped' THEN 4 ELSE 5 END
        + (payment_status NOT IN ('unpaid', 'none_required'))::integer,
    created_at,
    CASE status WHEN 'delivered' THEN delivered_at WHEN 'shipped' THEN shipped_at
        ELSE CASE WHEN payment_status IN ('unpaid', 'none_required') THEN created_at ELSE paid_at END END
FROM priced ORDER BY n;

INSERT INTO order_items (order_id, organization_id, customer_id, position, sku, name, quantity, currency, unit_price)
SELECT p.id, p.organization_id, p.customer_id, l.position, l.sku, l.name, l.quantity, p.currency, l.price
FROM lines l JOIN priced p ON p.n = l.n ORDER BY l.n, l.position;

INSERT INTO payments (id, order_id, organization_id, customer_id, provider, account, external_id, external_order_id, status, currency,
    amount, refunded_amount, captured_at, created_at, updated_at)
SELECT pg_temp.id_of(paid_at, 'payment' || n), id, organization_id, customer_id, provider,
    CASE provider WHEN 'stripe' THEN 'acct_' ELSE 'MERCHANT' END || substr(md5('account' || k), 1, 12),
    CASE provider WHEN 'stripe' THEN 'pi_' || substr(md5('payment' || n), 1, 24) ELSE upper(substr(md5('payment' || n), 1, 17)) END,
    CASE provider WHEN 'stripe' THEN 'cs_' || md5('session' || n) ELSE upper(substr(md5('session' || n), 1, 17)) END,
    CASE payment_status WHEN 'partially_paid' THEN 'paid' WHEN 'partially_refunded' THEN CASE WHEN part > 0 THEN payment_status ELSE 'paid' END ELSE payment_status END,
    currency, CASE payment_status WHEN 'partially_paid' THEN part ELSE total END,
    CASE payment_status WHEN 'refunded' THEN total WHEN 'partially_refunded' THEN part ELSE 0 END,
    CASE WHEN payment_status NOT IN ('pending', 'authorized', 'failed') THEN paid_at END, paid_at, paid_at
FROM priced WHERE payment_status NOT IN ('unpaid', 'none_required') ORDER BY n;

INSERT INTO shipments (id, order_id, organization_id, customer_id, carrier, tracking_number, tracking_url, status, shipped_at,
    delivered_at, estimated_delivery, created_at)
SELECT pg_temp.id_of(shipped_at, 'shipment' || n), id, organization_id, customer_id, c.name, c.prefix || lpad(n::text, 10, '0'), c.url || c.prefix || lpad(n::text, 10, '0'),
    CASE WHEN status = 'delivered' THEN 'delivered' WHEN pg_temp.draw(n, 'parcel', 5) = 0 THEN 'out_for_delivery' ELSE 'in_transit' END,
    shipped_at, CASE WHEN status = 'delivered' THEN delivered_at END, (shipped_at + interval '3 days')::date, shipped_at
FROM priced JOIN (VALUES (0, 'FAN Courier', 'FAN', 'https://tracking.example.com/fan/'), (1, 'Sameday', 'SMD', 'https://tracking.example.com/sameday/'),
    (2, 'DHL', 'DHL', 'https://tracking.example.com/dhl/')) AS c (i, name, prefix, url) ON c.i = pg_temp.draw(n, 'carrier', 3)
WHERE status IN ('shipped', 'delivered') ORDER BY n;

-- Issued when the parcel left, numbered in this order; VAT was 19 % until July 2025, 21 % since.
INSERT INTO invoices (id, order_id, organization_id, customer_id, order_number, series, number, issue_date, due_date, seller_name,
    seller_cui, seller_trade_register, seller_address, buyer_name, buyer_cui, buyer_address, currency, vat_rate, net_amount, vat_amount,
    gross_amount, ron_rate, vat_amount_ron, payment_means, paid_amount, created_at)
SELECT pg_temp.id_of(p.shipped_at, 'invoice' || n), p.id, p.organization_id, p.customer_id,
    'EO-' || lpad(n::text, greatest(8, length(n::text)), '0'), (ARRAY['ATC', 'MSM', 'CVD'])[p.k],
    row_number() OVER (PARTITION BY p.k ORDER BY p.shipped_at, n), v.issued, v.issued + 14, g.legal_name, g.cui, g.trade_register, g.address,
    coalesce(c.company_name, c.name), c.cui, c.address, p.currency, v.rate, v.net, p.total - v.net, p.total, v.ron_rate,
    round((p.total - v.net) * v.ron_rate, 2), CASE p.provider WHEN 'stripe' THEN '48' ELSE '68' END, p.total, p.shipped_at
FROM priced p
JOIN organizations g ON g.id = p.organization_id
JOIN customers c ON c.id = p.customer_id
CROSS JOIN LATERAL (SELECT p.shipped_at::date AS issued, CASE WHEN p.shipped_at < '2025-08-01' THEN 19 ELSE 21 END AS rate,
    CASE p.currency WHEN 'RON' THEN 1 WHEN 'EUR' THEN 4.97 WHEN 'USD' THEN 4.55 ELSE 0.0305 END
        * CASE WHEN p.currency = 'RON' THEN 1 ELSE 1 + pg_temp.draw(p.n, 'rate', 40) / 1000.0 END AS exact_rate) AS v0
CROSS JOIN LATERAL (SELECT v0.issued, v0.rate, round(v0.exact_rate, 6) AS ron_rate,
    round(p.total * 100 / (100 + v0.rate), minor_digits(p.currency)) AS net) AS v
WHERE p.status IN ('shipped', 'delivered') AND p.total > 0 ORDER BY n;

-- Net amounts are rounded as running sums, as invoice_order_lines does it.
INSERT INTO invoice_lines (order_id, position, sku, name, quantity, currency, unit_price, vat_category, vat_rate, net_amount, vat_amount,
    gross_amount)
SELECT s.order_id, s.position, s.sku, s.name, s.quantity, s.currency, s.price, 'S', s.vat_rate, s.net, s.gross - s.net, s.gross
FROM (
    SELECT u.*, round(u.upto * 100 / (100 + u.vat_rate), minor_digits(u.currency))
        - round((u.upto - u.gross) * 100 / (100 + u.vat_rate), minor_digits(u.currency)) AS net
    FROM (
        SELECT i.order_id, l.position, l.sku, l.name, l.quantity, i.currency, l.price, i.vat_rate, l.quantity * l.price AS gross,
            sum(l.quantity * l.price) OVER (PARTITION BY p.n ORDER BY l.position) AS upto
        FROM lines l JOIN priced p ON p.n = l.n JOIN invoices i ON i.order_id = p.id
    ) AS u
) AS s;

-- What was refunded was credited ten days after the parcel came.
CREATE TEMPORARY TABLE credited ON COMMIT DROP AS
SELECT p.n, p.k, p.id AS order_id, p.organization_id, p.delivered_at + interval '10 days' AS at, r.gross, i.currency, i.vat_rate, i.ron_rate,
    round(r.gross * 100 / (100 + i.vat_rate), minor_digits(i.currency)) AS net,
    pg_temp.id_of(p.delivered_at + interval '10 days', 'credit note' || p.n) AS id
FROM priced p JOIN invoices i ON i.order_id = p.id
CROSS JOIN LATERAL (SELECT CASE p.payment_status WHEN 'refunded' THEN p.total WHEN 'partially_refunded' THEN p.part ELSE 0 END AS gross) AS r
WHERE r.gross > 0;

INSERT INTO credit_notes (id, order_id, organization_id, series, number, issue_date, reason, currency, net_amount, vat_amount,
    gross_amount, ron_rate, vat_amount_ron, created_at)
SELECT id, order_id, organization_id, (ARRAY['ATC-S', 'MSM-S', 'CVD-S'])[k], row_number() OVER (PARTITION BY k ORDER BY at, n), at::date,
    pg_temp.pick(n, 'credited', '{Sent back.,Arrived broken.,Too late.}'), currency, net, gross - net, gross, ron_rate,
    round((gross - net) * ron_rate, 2), at
FROM credited ORDER BY n;

INSERT INTO credit_note_lines (credit_note_id, order_id, position, name, currency, vat_category, vat_rate, net_amount, vat_amount,
    gross_amount)
SELECT id, order_id, 1, 'Amount credited', currency, 'S', vat_rate, net, gross - net, gross FROM credited;

INSERT INTO invoice_series (organization_id, kind, series, next_number, last_date)
SELECT ('0190a000-0000-7000-8000-00000000000' || s.k)::uuid, s.kind, s.series, coalesce(max(d.number), 0) + 1, max(d.issue_date)
FROM (VALUES (1, 'invoice', 'ATC'), (2, 'invoice', 'MSM'), (3, 'invoice', 'CVD'), (1, 'credit_note', 'ATC-S'),
    (2, 'credit_note', 'MSM-S'), (3, 'credit_note', 'CVD-S')) AS s (k, kind, series)
LEFT JOIN (SELECT series, number, issue_date FROM invoices UNION ALL SELECT series, number, issue_date FROM credit_notes) AS d
    ON d.series = s.series
GROUP BY s.k, s.kind, s.series;

-- Transfers go there; the other two organisations have no account to show.
UPDATE organizations SET iban = 'RO49AAAA1B31007593840000' WHERE id = '0190a000-0000-7000-8000-000000000001';

SELECT setval('order_numbers', greatest(:seed_orders, (SELECT last_value FROM order_numbers))) AS last_number \gset

-- The checks of resting triggers, made once for all orders and invoices.
DO $$
BEGIN
    IF EXISTS (SELECT FROM orders o JOIN (SELECT order_id, sum(line_total) AS total FROM order_items GROUP BY order_id) AS i
        ON i.order_id = o.id WHERE i.total <> o.total_amount) THEN
        RAISE EXCEPTION 'the total of a seeded order is not the sum of its items';
    END IF;
    IF EXISTS (SELECT FROM invoices i LEFT JOIN (SELECT order_id, sum(net_amount) AS net, sum(gross_amount) AS gross
        FROM invoice_lines GROUP BY order_id) AS l ON l.order_id = i.order_id
        WHERE (l.net, l.gross) IS DISTINCT FROM (i.net_amount, i.gross_amount)) THEN
        RAISE EXCEPTION 'a seeded invoice is not the sum of its lines';
    END IF;
END $$;

DO $$
DECLARE r record;
BEGIN
    FOR r IN SELECT * FROM resting LOOP
        EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', r.owner, CASE r.enabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, r.name);
    END LOOP;
END $$;
-- Their triggers rested.
INSERT INTO order_words (order_id, organization_id, field, word)
SELECT DISTINCT s.order_id, s.organization_id, s.field, s.word FROM order_word_sources s ON CONFLICT DO NOTHING;
INSERT INTO customer_words (customer_id, organization_id, field, word)
SELECT DISTINCT s.customer_id, s.organization_id, s.field, s.word FROM customer_word_sources s ON CONFLICT DO NOTHING;
SELECT transaction_book_all() AS booked, (SELECT kept FROM order_counts_rebuild()) AS counted \gset
INSERT INTO cache_invalidations (tags) VALUES ('{*}');
COMMIT;
VACUUM (ANALYZE) organizations, customers, customer_words, product_schemas, products, product_words, orders, order_words, order_items, payments, payment_transactions, shipments, invoices,
    invoice_lines, credit_notes, credit_note_lines;
