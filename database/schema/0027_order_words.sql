-- The words that customer service finds orders by, kept by triggers: an index in the form of a
-- table, as product_words is. Words of orders and of customers are in tables of their own, so that
-- how often a word is met is known for each, and a customer's new name is not written into each of
-- its orders. A word is found by its beginning, bytewise.
CREATE TABLE order_words (
    order_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    field text COLLATE "C" NOT NULL,
    word text COLLATE "C" NOT NULL CHECK (word <> ''),
    PRIMARY KEY (order_id, field, word)
);

CREATE TABLE customer_words (
    customer_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    field text COLLATE "C" NOT NULL,
    word text COLLATE "C" NOT NULL CHECK (word <> ''),
    PRIMARY KEY (customer_id, field, word)
);

\i code/values/search_code.sql
\i code/values/search_phone.sql
\i code/orders/word_sources.sql
\i code/customers/word_sources.sql

INSERT INTO order_words (order_id, organization_id, field, word)
SELECT DISTINCT s.order_id, s.organization_id, s.field, s.word FROM order_word_sources s;

INSERT INTO customer_words (customer_id, organization_id, field, word)
SELECT DISTINCT s.customer_id, s.organization_id, s.field, s.word FROM customer_word_sources s;

CREATE INDEX order_words_search ON order_words (organization_id, field, word, order_id);
CREATE INDEX customer_words_search ON customer_words (organization_id, field, word, customer_id);

\i code/orders/word_fields.sql
\i code/orders/keep_words.sql
\i code/customers/keep_words.sql

CREATE TRIGGER words_on_insert AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT
    EXECUTE FUNCTION order_keep_words('number', 'number_end', 'transaction', 'phone', 'name');
CREATE TRIGGER words_on_update AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT
    EXECUTE FUNCTION order_keep_words('number', 'number_end', 'transaction', 'phone', 'name');
CREATE TRIGGER words_on_delete AFTER DELETE ON orders REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT
    EXECUTE FUNCTION order_keep_words('number', 'number_end', 'transaction', 'phone', 'name');
CREATE TRIGGER words_on_truncate AFTER TRUNCATE ON orders FOR EACH STATEMENT
    EXECUTE FUNCTION order_keep_words('number', 'number_end', 'transaction', 'phone', 'name');
ALTER TABLE orders ENABLE ALWAYS TRIGGER words_on_insert, ENABLE ALWAYS TRIGGER words_on_update,
    ENABLE ALWAYS TRIGGER words_on_delete, ENABLE ALWAYS TRIGGER words_on_truncate;

CREATE TRIGGER words_on_insert AFTER INSERT ON order_items REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('sku');
CREATE TRIGGER words_on_update AFTER UPDATE ON order_items
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('sku');
CREATE TRIGGER words_on_delete AFTER DELETE ON order_items REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('sku');
CREATE TRIGGER words_on_truncate AFTER TRUNCATE ON order_items
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('sku');
ALTER TABLE order_items ENABLE ALWAYS TRIGGER words_on_insert,
    ENABLE ALWAYS TRIGGER words_on_update, ENABLE ALWAYS TRIGGER words_on_delete,
    ENABLE ALWAYS TRIGGER words_on_truncate;

CREATE TRIGGER words_on_insert AFTER INSERT ON shipments REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('tracking');
CREATE TRIGGER words_on_update AFTER UPDATE ON shipments
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('tracking');
CREATE TRIGGER words_on_delete AFTER DELETE ON shipments REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('tracking');
CREATE TRIGGER words_on_truncate AFTER TRUNCATE ON shipments
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('tracking');
ALTER TABLE shipments ENABLE ALWAYS TRIGGER words_on_insert,
    ENABLE ALWAYS TRIGGER words_on_update, ENABLE ALWAYS TRIGGER words_on_delete,
    ENABLE ALWAYS TRIGGER words_on_truncate;

CREATE TRIGGER words_on_insert AFTER INSERT ON invoices REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('invoice');
CREATE TRIGGER words_on_update AFTER UPDATE ON invoices
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('invoice');
CREATE TRIGGER words_on_delete AFTER DELETE ON invoices REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('invoice');
CREATE TRIGGER words_on_truncate AFTER TRUNCATE ON invoices
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('invoice');
ALTER TABLE invoices ENABLE ALWAYS TRIGGER words_on_insert,
    ENABLE ALWAYS TRIGGER words_on_update, ENABLE ALWAYS TRIGGER words_on_delete,
    ENABLE ALWAYS TRIGGER words_on_truncate;

CREATE TRIGGER words_on_insert AFTER INSERT ON payments REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('payment');
CREATE TRIGGER words_on_update AFTER UPDATE ON payments
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('payment');
CREATE TRIGGER words_on_delete AFTER DELETE ON payments REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('payment');
CREATE TRIGGER words_on_truncate AFTER TRUNCATE ON payments
    FOR EACH STATEMENT EXECUTE FUNCTION order_keep_words('payment');
ALTER TABLE payments ENABLE ALWAYS TRIGGER words_on_insert,
    ENABLE ALWAYS TRIGGER words_on_update, ENABLE ALWAYS TRIGGER words_on_delete,
    ENABLE ALWAYS TRIGGER words_on_truncate;

CREATE TRIGGER words_on_insert AFTER INSERT ON customers REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION customer_keep_words();
CREATE TRIGGER words_on_update AFTER UPDATE ON customers
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION customer_keep_words();
CREATE TRIGGER words_on_delete AFTER DELETE ON customers REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION customer_keep_words();
CREATE TRIGGER words_on_truncate AFTER TRUNCATE ON customers
    FOR EACH STATEMENT EXECUTE FUNCTION customer_keep_words();
ALTER TABLE customers ENABLE ALWAYS TRIGGER words_on_insert,
    ENABLE ALWAYS TRIGGER words_on_update, ENABLE ALWAYS TRIGGER words_on_delete,
    ENABLE ALWAYS TRIGGER words_on_truncate;
