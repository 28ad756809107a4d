-- A page of the movements of a product's article, the newest first. No row: no such product.
--   p_limit: how many. p_after: the place where the last page ended, NULL for the first page.
--   body: the JSON to send. next: the place where the next page begins, null after the last one.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION stock_movements(p_organization uuid, p_product uuid, p_limit integer,
    p_after text)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'items', coalesce(json_agg(json_build_object('id', m.id, 'change', m.change,
                'onHand', m.on_hand, 'reason', m.reason, 'orderId', m.order_id, 'note', m.note,
                'by', m.actor, 'createdAt', time_text(m.created_at))
                ORDER BY m.created_at DESC, m.id DESC) FILTER (WHERE m.place <= p_limit), '[]'),
        'limit', p_limit,
        'next', max(place_text(m.created_at, m.id))
            FILTER (WHERE m.place = p_limit AND m.more))::text
    FROM products p
    LEFT JOIN LATERAL (
        SELECT t.*, row_number() OVER (ORDER BY t.created_at DESC, t.id DESC) AS place,
            count(*) OVER () > p_limit AS more
        FROM (
            -- One more than is shown tells whether there is a next page.
            SELECT s.* FROM stock_movements s
            WHERE s.organization_id = p.organization_id AND s.sku = p.sku
                AND (p_after IS NULL
                    OR (s.created_at, s.id) < (place_time(p_after), place_id(p_after)))
            ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit + 1
        ) AS t
    ) AS m ON true
    WHERE p.organization_id = p_organization AND p.id = p_product AND p.deleted_at IS NULL
    GROUP BY p.id;
END;
