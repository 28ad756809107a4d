-- Orders and customers are found by a telephone number without its country, too. Writers wait until
-- those that are there have the new words: a change in between would leave an old one.
LOCK TABLE customers, orders IN SHARE ROW EXCLUSIVE MODE;

\i code/values/search_national.sql
\i code/orders/word_sources.sql
\i code/customers/word_sources.sql

-- Only what has a number is read again: few fields of few tables, each once.
INSERT INTO order_words (order_id, organization_id, field, word)
SELECT o.id, o.organization_id, 'phone', search_national(o.shipping_address ->> 'phone')
FROM orders o WHERE o.deleted_at IS NULL AND search_national(o.shipping_address ->> 'phone') <> ''
ON CONFLICT DO NOTHING;

INSERT INTO customer_words (customer_id, organization_id, field, word)
SELECT c.id, c.organization_id, 'phone', search_national(c.address ->> 'phone')
FROM customers c WHERE search_national(c.address ->> 'phone') <> ''
ON CONFLICT DO NOTHING;
