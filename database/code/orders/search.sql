-- The orders that customer service looks for. Always one row.
--   p_search: an order number, its beginning or its end; an e-mail address, a telephone, tracking,
--     invoice or transaction number or a SKU, or the beginning of one; or the beginnings of words
--     of a name, all of which must fit.
--   body: the JSON to send: 20 orders at most, those that fit exactly before those that begin so,
--     the newest first; by which fields each was found; and whether there are more.
-- Each branch takes 21 orders or customers at most, from an index in its own order. Words of names
-- can be in many: those of the rarest of the four longest are looked at, and no more than
-- found_rows() / 2 of orders and of customers.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION order_search(p_organization uuid, p_search text)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH asked AS MATERIALIZED (
        SELECT a.field, a.word FROM (VALUES
            ('number', search_code(p_search)),
            ('number_end', reverse(search_code(p_search))),
            ('sku', search_code(p_search)),
            ('tracking', search_code(p_search)),
            ('invoice', search_code(p_search)),
            ('transaction', search_code(p_search)),
            ('payment', search_code(p_search)),
            ('phone', search_phone(p_search)),
            -- One of the two names no country. Four signs: * or 0, and three digits.
            ('phone', (SELECT translate(left(n.word, 1), '*0', '0*') || substr(n.word, 2)
                FROM (VALUES (search_national(p_search))) AS n (word) WHERE length(n.word) >= 4)),
            ('email', lower(p_search))
        ) AS a (field, word)
        -- Fewer letters would fit almost everything.
        WHERE length(a.word) >= 3
    ), names AS MATERIALIZED (
        SELECT w.word FROM unnest(search_words(p_search)) AS w (word)
    ), longest AS MATERIALIZED (
        -- Counting costs. Long words are in fewer, so some of them do for the choice.
        SELECT n.word FROM names n ORDER BY length(n.word) DESC, n.word LIMIT 4
    ), rare AS MATERIALIZED (
        -- The word that is in the fewest, and in how many.
        SELECT r.* FROM (
            (SELECT 'customers' AS kind, n.word, c.count FROM longest n, LATERAL (
                SELECT count(*) AS count FROM (
                    SELECT FROM customer_words w
                    WHERE w.organization_id = p_organization AND w.field = 'name'
                        AND w.word >= n.word AND w.word < search_end(n.word)
                    ORDER BY w.word LIMIT found_rows() / 2 + 1) AS l) AS c
            ORDER BY c.count LIMIT 1)
            UNION ALL
            (SELECT 'orders', n.word, c.count FROM longest n, LATERAL (
                SELECT count(*) AS count FROM (
                    SELECT FROM order_words w
                    WHERE w.organization_id = p_organization AND w.field = 'name'
                        AND w.word >= n.word AND w.word < search_end(n.word)
                    ORDER BY w.word LIMIT found_rows() / 2 + 1) AS l) AS c
            ORDER BY c.count LIMIT 1)
        ) AS r
    ), customers_found AS MATERIALIZED (
        SELECT a.field, f.customer_id, f.rank FROM asked a, LATERAL (
            (SELECT w.customer_id, 0 AS rank FROM customer_words w
            WHERE w.organization_id = p_organization AND w.field = a.field AND w.word = a.word
            ORDER BY w.customer_id DESC LIMIT 21)
            UNION ALL
            (SELECT w.customer_id, 1 FROM customer_words w
            WHERE w.organization_id = p_organization AND w.field = a.field
                AND w.word > a.word AND w.word < search_end(a.word)
            ORDER BY w.word, w.customer_id LIMIT 21)
        ) AS f WHERE a.field IN ('email', 'phone')
        UNION ALL
        (SELECT 'name', f.customer_id, 1 FROM (
            SELECT DISTINCT l.customer_id FROM rare r, LATERAL (
                SELECT w.customer_id FROM customer_words w
                WHERE w.organization_id = p_organization AND w.field = 'name'
                    AND w.word >= r.word AND w.word < search_end(r.word)
                ORDER BY w.word LIMIT found_rows() / 2) AS l
            WHERE r.kind = 'customers') AS f
        -- The rarest was found already.
        WHERE NOT EXISTS (SELECT FROM names n
            WHERE n.word <> (SELECT r.word FROM rare r WHERE r.kind = 'customers')
                AND NOT EXISTS (SELECT FROM customer_words w
                    WHERE w.customer_id = f.customer_id AND w.field = 'name'
                        AND w.word >= n.word AND w.word < search_end(n.word)))
        ORDER BY f.customer_id DESC LIMIT 21)
    ), found AS MATERIALIZED (
        SELECT a.field, f.order_id, f.rank FROM asked a, LATERAL (
            (SELECT w.order_id, 0 AS rank FROM order_words w
            WHERE w.organization_id = p_organization AND w.field = a.field AND w.word = a.word
            ORDER BY w.order_id DESC LIMIT 21)
            UNION ALL
            (SELECT w.order_id, 1 FROM order_words w
            WHERE w.organization_id = p_organization AND w.field = a.field
                AND w.word > a.word AND w.word < search_end(a.word)
            ORDER BY w.word, w.order_id LIMIT 21)
        ) AS f
        UNION ALL
        (SELECT 'name', f.order_id, 1 FROM (
            SELECT DISTINCT l.order_id FROM rare r, LATERAL (
                SELECT w.order_id FROM order_words w
                WHERE w.organization_id = p_organization AND w.field = 'name'
                    AND w.word >= r.word AND w.word < search_end(r.word)
                ORDER BY w.word LIMIT found_rows() / 2) AS l
            WHERE r.kind = 'orders') AS f
        WHERE NOT EXISTS (SELECT FROM names n
            WHERE n.word <> (SELECT r.word FROM rare r WHERE r.kind = 'orders')
                AND NOT EXISTS (SELECT FROM order_words w
                    WHERE w.order_id = f.order_id AND w.field = 'name'
                        AND w.word >= n.word AND w.word < search_end(n.word)))
        ORDER BY f.order_id DESC LIMIT 21)
        UNION ALL
        SELECT c.field, f.id, c.rank FROM customers_found c, LATERAL (
            SELECT o.id FROM orders o
            WHERE o.organization_id = p_organization AND o.customer_id = c.customer_id
                AND o.deleted_at IS NULL
            ORDER BY o.created_at DESC, o.id DESC LIMIT 21) AS f
    ), matches AS MATERIALIZED (
        SELECT f.order_id, min(f.rank) AS rank, array_agg(DISTINCT CASE f.field
            WHEN 'number_end' THEN 'number' WHEN 'payment' THEN 'transaction'
            ELSE f.field END) AS fields
        FROM found f GROUP BY f.order_id
    ), shown AS MATERIALIZED (
        SELECT m.rank, m.fields, o.id, o.order_number, o.status, o.payment_status, o.currency,
            o.total_amount, o.customer_id, o.created_at, c.name, c.email
        -- One look-up for each: a join could read all orders to find these.
        FROM matches m, LATERAL (
            SELECT t.* FROM orders t WHERE t.id = m.order_id
                AND t.organization_id = p_organization AND t.deleted_at IS NULL LIMIT 1) AS o,
        LATERAL (
            SELECT t.name, t.email FROM customers t WHERE t.id = o.customer_id LIMIT 1) AS c
        ORDER BY m.rank, o.created_at DESC, o.id DESC LIMIT 21
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(json_build_object(
                'id', s.id,
                'orderNumber', s.order_number,
                'status', s.status,
                'paymentStatus', s.payment_status,
                'currency', s.currency,
                'totalAmount', money_text(s.total_amount, s.currency),
                'customer', json_build_object('id', s.customer_id, 'name', s.name,
                    'email', s.email),
                'createdAt', time_text(s.created_at),
                'matched', s.fields)
            ORDER BY s.rank, s.created_at DESC, s.id DESC)
            FROM (SELECT t.* FROM shown t ORDER BY t.rank, t.created_at DESC, t.id DESC
                LIMIT 20) AS s), '[]'),
        -- Words that are in too many weren't all looked at.
        'more', (SELECT count(*) FROM shown) > 20
            OR EXISTS (SELECT FROM rare r WHERE r.count > found_rows() / 2))::text;
END;
