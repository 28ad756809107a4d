-- The words that customers are found by, as their rows say; customer_words holds them. One may be
-- there several times.
--   field: email; phone (the number, and the number without its country); name, of the person and
--     of its company.
\i code/values/search_national.sql
CREATE OR REPLACE VIEW customer_word_sources AS
SELECT s.customer_id, s.organization_id, s.field, s.word COLLATE "C" AS word
FROM (
    SELECT c.id AS customer_id, c.organization_id, 'email' AS field, lower(c.email) AS word
    FROM customers c
    UNION ALL
    SELECT c.id, c.organization_id, 'phone', w.word
    FROM customers c, LATERAL (VALUES (search_phone(c.address ->> 'phone')),
        (search_national(c.address ->> 'phone'))) AS w (word)
    UNION ALL
    SELECT c.id, c.organization_id, 'name', w.word
    FROM customers c, unnest(search_words(concat_ws(' ', c.name, c.company_name))) AS w (word)
) AS s WHERE s.word <> '';
