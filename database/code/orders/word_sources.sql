-- The words that live orders are found by, as their tables say; order_words holds them. One may be
-- there several times.
--   field: number; number_end (the number read backwards, so that its end is a beginning); sku;
--     tracking; invoice; transaction (kept with the order); payment (a payment's id at its
--     provider); phone (the number, and the number without its country) and name, of the address
--     that it goes to.
\i code/values/search_national.sql
CREATE OR REPLACE VIEW order_word_sources AS
SELECT s.order_id, s.organization_id, s.field, s.word COLLATE "C" AS word
FROM (
    SELECT o.id AS order_id, o.organization_id, 'number' AS field,
        search_code(o.order_number) AS word
    FROM orders o WHERE o.deleted_at IS NULL
    UNION ALL
    SELECT o.id, o.organization_id, 'number_end', reverse(search_code(o.order_number))
    FROM orders o WHERE o.deleted_at IS NULL
    UNION ALL
    SELECT o.id, o.organization_id, 'transaction', search_code(o.external_transaction_id)
    FROM orders o WHERE o.deleted_at IS NULL
    UNION ALL
    SELECT o.id, o.organization_id, 'phone', w.word
    FROM orders o, LATERAL (VALUES (search_phone(o.shipping_address ->> 'phone')),
        (search_national(o.shipping_address ->> 'phone'))) AS w (word)
    WHERE o.deleted_at IS NULL
    UNION ALL
    SELECT o.id, o.organization_id, 'name', w.word
    FROM orders o, unnest(search_words(o.shipping_address ->> 'name')) AS w (word)
    WHERE o.deleted_at IS NULL
    UNION ALL
    SELECT i.order_id, i.organization_id, 'sku', search_code(i.sku)
    FROM order_items i JOIN orders o ON o.id = i.order_id AND o.deleted_at IS NULL
    UNION ALL
    SELECT s.order_id, s.organization_id, 'tracking', search_code(s.tracking_number)
    FROM shipments s JOIN orders o ON o.id = s.order_id AND o.deleted_at IS NULL
    UNION ALL
    SELECT n.order_id, n.organization_id, 'invoice', w.word
    FROM invoices n JOIN orders o ON o.id = n.order_id AND o.deleted_at IS NULL,
        LATERAL (VALUES (search_code(n.series || n.number)), (n.number::text)) AS w (word)
    UNION ALL
    SELECT p.order_id, p.organization_id, 'payment', search_code(p.external_id)
    FROM payments p JOIN orders o ON o.id = p.order_id AND o.deleted_at IS NULL
) AS s WHERE s.word <> '';
