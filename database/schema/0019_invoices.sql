-- Invoices are issued over HTTP: numbers from the row of a series, lines of their own, credit
-- notes.

-- What an organisation's invoices say beside its name.
ALTER TABLE organizations
    -- Per cent, of every product without a rate of its own.
    ADD COLUMN vat_rate numeric(5, 2) NOT NULL DEFAULT 21
        CHECK (vat_rate >= 0 AND vat_rate < 100),
    -- The account that transfers go to.
    ADD COLUMN iban text CHECK (iban ~ '^[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}$');
-- Per cent; NULL: as the organisation.
ALTER TABLE products ADD COLUMN vat_rate numeric(5, 2) CHECK (vat_rate >= 0 AND vat_rate < 100);

-- The numbers of invoices and credit notes: one row for each kind and organisation, which every new
-- one locks to its commit. So numbers have no gap and none stands twice, and dates never decrease
-- with numbers.
CREATE TABLE invoice_series (
    organization_id uuid NOT NULL REFERENCES organizations,
    kind text NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    series text NOT NULL CHECK (series ~ '^[A-Z0-9-]{1,20}$'),
    next_number bigint NOT NULL DEFAULT 1 CHECK (next_number > 0),
    -- The date of the number before, whatever the clock has done since.
    last_date date,
    -- The fence of the number before, see code/invoices/number.sql.
    fence bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (organization_id, kind),
    UNIQUE (organization_id, series)
);

CREATE SEQUENCE invoice_fences;

ALTER TABLE invoices
    -- NULL: its lines have several.
    ALTER COLUMN vat_rate DROP NOT NULL,
    ADD COLUMN order_number text,
    -- A code of UNTDID 4461: how it was paid, or is to be.
    ADD COLUMN payment_means text NOT NULL DEFAULT '1' CHECK (payment_means ~ '^[0-9A-Z]{1,3}$'),
    -- The seller's account, if it is to be paid by a transfer.
    ADD COLUMN payment_account text CHECK (payment_account <> ''),
    -- What was paid of it when it was issued.
    ADD COLUMN paid_amount numeric(15, 3) NOT NULL DEFAULT 0;

-- Lines as they were invoiced: later changes of the order's items change no invoice. One invoice
-- per order, so the order names them.
CREATE TABLE invoice_lines (
    order_id uuid NOT NULL REFERENCES invoices (order_id),
    position integer NOT NULL CHECK (position > 0),
    -- NULL: nobody knows any more what was invoiced, only for how much.
    sku text CHECK (sku <> ''),
    name text NOT NULL CHECK (name <> ''),
    quantity integer NOT NULL CHECK (quantity > 0),
    currency currency_code NOT NULL,
    -- As it was sold: with VAT.
    unit_price numeric(15, 3) NOT NULL CHECK (is_amount(unit_price, currency)),
    -- S: the standard or a reduced rate; Z: zero (UNCL 5305).
    vat_category text NOT NULL CHECK (vat_category IN ('S', 'Z')),
    vat_rate numeric(5, 2) NOT NULL CHECK (vat_rate >= 0 AND vat_rate < 100),
    net_amount numeric(15, 3) NOT NULL CHECK (is_amount(net_amount, currency)),
    vat_amount numeric(15, 3) NOT NULL CHECK (is_amount(vat_amount, currency)),
    gross_amount numeric(15, 3) NOT NULL CHECK (is_amount(gross_amount, currency)),
    PRIMARY KEY (order_id, position),
    CHECK (gross_amount = quantity * unit_price),
    CHECK (gross_amount = net_amount + vat_amount),
    CHECK ((vat_rate = 0) = (vat_category = 'Z'))
);

-- Invoices that are there get the lines of their orders, if these still come to the invoice's sum.
-- Else nobody knows any more what was invoiced, and one line stands for all. Net amounts are shared
-- out so that they come to the invoice's.
INSERT INTO invoice_lines (order_id, position, sku, name, quantity, currency, unit_price,
    vat_category, vat_rate, net_amount, vat_amount, gross_amount)
SELECT l.order_id, l.position, l.sku, l.name, l.quantity, l.currency, l.unit_price,
    CASE WHEN l.vat_rate = 0 THEN 'Z' ELSE 'S' END, l.vat_rate, l.net, l.gross - l.net, l.gross
FROM (
    SELECT s.*, s.net_upto
        - lag(s.net_upto, 1, 0) OVER (PARTITION BY s.order_id ORDER BY s.position) AS net
    FROM (
        SELECT i.*, n.vat_rate, i.line_total AS gross, CASE WHEN n.gross_amount = 0 THEN 0
            ELSE round(sum(i.line_total) OVER upto * n.net_amount / n.gross_amount,
                minor_digits(n.currency)) END AS net_upto
        FROM invoices n JOIN order_items i ON i.order_id = n.order_id
        WHERE n.currency = i.currency AND n.gross_amount = (SELECT sum(t.line_total)
            FROM order_items t WHERE t.order_id = n.order_id)
        WINDOW upto AS (PARTITION BY i.order_id ORDER BY i.position)
    ) AS s
) AS l;
INSERT INTO invoice_lines (order_id, position, sku, name, quantity, currency, unit_price,
    vat_category, vat_rate, net_amount, vat_amount, gross_amount)
SELECT n.order_id, 1, NULL, 'As invoiced: order ' || o.order_number, 1, n.currency, n.gross_amount,
    CASE WHEN n.vat_rate = 0 THEN 'Z' ELSE 'S' END, n.vat_rate, n.net_amount, n.vat_amount,
    n.gross_amount
FROM invoices n JOIN orders o ON o.id = n.order_id
WHERE NOT EXISTS (SELECT FROM invoice_lines l WHERE l.order_id = n.order_id);

-- Everything is announced with this file, so no order has to be touched for it.
ALTER TABLE invoices DISABLE TRIGGER touch_on_update;
UPDATE invoices n SET order_number = o.order_number,
    paid_amount = least(n.gross_amount, coalesce((SELECT sum(p.amount) FROM payments p
        WHERE p.order_id = n.order_id AND p.currency = n.currency
            AND p.captured_at <= n.created_at), 0))
FROM orders o WHERE o.id = n.order_id;
ALTER TABLE invoices ENABLE ALWAYS TRIGGER touch_on_update;

-- Numbers go on where they are, in the series that was used last.
INSERT INTO invoice_series (organization_id, kind, series, next_number, last_date)
SELECT s.organization_id, 'invoice', s.series, s.next_number, s.last_date
FROM (SELECT DISTINCT ON (n.organization_id) n.organization_id, n.series,
        max(n.number) OVER whole + 1 AS next_number, max(n.issue_date) OVER whole AS last_date
    FROM invoices n
    WINDOW whole AS (PARTITION BY n.organization_id, n.series)
    ORDER BY n.organization_id, n.created_at DESC, n.number DESC) AS s;

ALTER TABLE invoices
    ALTER COLUMN order_number SET NOT NULL,
    ADD CONSTRAINT invoices_paid_amount CHECK (is_amount(paid_amount, currency)
        AND paid_amount <= gross_amount),
    -- Credit notes point to this, so that one always has its invoice's seller and currency.
    ADD UNIQUE (order_id, organization_id, currency);

-- An order that has an invoice can be hidden, and can't be deleted. Until now its invoice went with
-- it.
DO $$
DECLARE
    to_order text := (SELECT conname FROM pg_constraint
        WHERE conrelid = 'invoices'::regclass AND contype = 'f'
            AND confrelid = 'orders'::regclass);
BEGIN
    EXECUTE format('ALTER TABLE invoices DROP CONSTRAINT %I', to_order);
END $$;
ALTER TABLE invoices ADD CONSTRAINT invoices_order
    FOREIGN KEY (order_id, organization_id, customer_id, currency)
    REFERENCES orders (id, organization_id, customer_id, currency)
    ON UPDATE CASCADE ON DELETE RESTRICT;

-- What an invoice is less worth, after a refund or a cancellation.
CREATE TABLE credit_notes (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    series text NOT NULL CHECK (series ~ '^[A-Z0-9-]{1,20}$'),
    number bigint NOT NULL CHECK (number > 0),
    issue_date date NOT NULL,
    reason text CHECK (reason <> ''),
    currency currency_code NOT NULL,
    net_amount numeric(15, 3) NOT NULL CHECK (is_amount(net_amount, currency)),
    vat_amount numeric(15, 3) NOT NULL CHECK (is_amount(vat_amount, currency)),
    gross_amount numeric(15, 3) NOT NULL
        CHECK (is_amount(gross_amount, currency) AND gross_amount > 0),
    -- The invoice's.
    ron_rate numeric(14, 6) NOT NULL CHECK (ron_rate > 0),
    vat_amount_ron numeric(17, 2) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, series, number),
    UNIQUE (id, order_id),
    CHECK (gross_amount = net_amount + vat_amount),
    CHECK (vat_amount_ron = round(vat_amount * ron_rate, 2)),
    FOREIGN KEY (order_id, organization_id, currency)
        REFERENCES invoices (order_id, organization_id, currency)
);

CREATE INDEX credit_notes_order ON credit_notes (order_id, number);

CREATE TABLE credit_note_lines (
    credit_note_id uuid NOT NULL,
    order_id uuid NOT NULL,
    position integer NOT NULL CHECK (position > 0),
    -- Both are NULL if an amount is credited, whatever the lines.
    invoice_position integer,
    quantity integer CHECK (quantity > 0),
    name text NOT NULL CHECK (name <> ''),
    currency currency_code NOT NULL,
    vat_category text NOT NULL CHECK (vat_category IN ('S', 'Z')),
    vat_rate numeric(5, 2) NOT NULL CHECK (vat_rate >= 0 AND vat_rate < 100),
    net_amount numeric(15, 3) NOT NULL CHECK (is_amount(net_amount, currency)),
    vat_amount numeric(15, 3) NOT NULL CHECK (is_amount(vat_amount, currency)),
    gross_amount numeric(15, 3) NOT NULL CHECK (is_amount(gross_amount, currency)),
    PRIMARY KEY (credit_note_id, position),
    CHECK (gross_amount = net_amount + vat_amount),
    CHECK ((invoice_position IS NULL) = (quantity IS NULL)),
    CHECK ((vat_rate = 0) = (vat_category = 'Z')),
    FOREIGN KEY (credit_note_id, order_id) REFERENCES credit_notes (id, order_id),
    FOREIGN KEY (order_id, invoice_position) REFERENCES invoice_lines (order_id, position)
);

CREATE INDEX credit_note_lines_order ON credit_note_lines (order_id);

\i code/invoices/keep.sql

DO $$
DECLARE
    shown text;
BEGIN
    FOREACH shown IN ARRAY ARRAY['invoice_lines', 'credit_notes', 'credit_note_lines'] LOOP
        EXECUTE format('CREATE TRIGGER touch_on_insert AFTER INSERT ON %I
            REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION touch_orders()', shown);
        EXECUTE format('CREATE TRIGGER touch_on_update AFTER UPDATE ON %I
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION touch_orders()', shown);
        EXECUTE format('CREATE TRIGGER touch_on_delete AFTER DELETE ON %I
            REFERENCING OLD TABLE AS old_rows
            FOR EACH STATEMENT EXECUTE FUNCTION touch_orders()', shown);
        EXECUTE format('CREATE TRIGGER announce_truncate AFTER TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION announce_everything()', shown);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER touch_on_insert,
            ENABLE ALWAYS TRIGGER touch_on_update, ENABLE ALWAYS TRIGGER touch_on_delete,
            ENABLE ALWAYS TRIGGER announce_truncate', shown);
    END LOOP;
    FOREACH shown IN ARRAY ARRAY['invoices', 'invoice_lines', 'credit_notes', 'credit_note_lines']
    LOOP
        EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON %I
            FOR EACH ROW EXECUTE FUNCTION invoice_keep()', shown);
        EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION invoice_keep()', shown);
    END LOOP;
END $$;

\i code/invoices/check_sums.sql

-- Judged when the transaction commits, by all of its rows.
CREATE CONSTRAINT TRIGGER invoice_sums AFTER INSERT OR UPDATE ON invoices
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoice_check_sums();
CREATE CONSTRAINT TRIGGER invoice_sums AFTER INSERT OR UPDATE OR DELETE ON invoice_lines
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoice_check_sums();
CREATE CONSTRAINT TRIGGER invoice_sums AFTER INSERT OR UPDATE OR DELETE ON credit_notes
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoice_check_sums();
CREATE CONSTRAINT TRIGGER invoice_sums AFTER INSERT OR UPDATE OR DELETE ON credit_note_lines
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoice_check_sums();
CREATE CONSTRAINT TRIGGER invoice_sums AFTER UPDATE OF total_amount ON orders
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.total_amount IS DISTINCT FROM NEW.total_amount)
    EXECUTE FUNCTION invoice_check_sums();

\i code/invoices/check_numbers.sql

CREATE CONSTRAINT TRIGGER invoice_numbers AFTER INSERT OR UPDATE ON invoice_series
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoice_check_numbers();
CREATE CONSTRAINT TRIGGER invoice_numbers AFTER INSERT ON invoices
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoice_check_numbers();
CREATE CONSTRAINT TRIGGER invoice_numbers AFTER INSERT ON credit_notes
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoice_check_numbers();
