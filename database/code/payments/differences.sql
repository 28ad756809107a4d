-- A page of our side of a comparison with the providers, the newest payments first. Payments that
-- were recorded by hand have no other side.
--   p_provider: NULL for both. p_from: recorded here at or after; p_to: before, both RFC 3339; NULL
--   for any.
--   p_limit: how many. p_after: the place where the last page ended, NULL for the first page.
--   body: the JSON. items: each payment with what we know of its objects at the provider (payment
--     and refunds), the sum that lost disputes took, and what the ledger comes to. next: whether
--     there are more.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION payment_differences(p_organization uuid, p_provider text, p_from text,
    p_to text, p_limit integer, p_after text)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH looked AS NOT MATERIALIZED (
        SELECT p.id, p.created_at, p.provider FROM payments p
        WHERE p.organization_id = p_organization
            AND (p_from IS NULL OR p.created_at >= p_from::timestamptz)
            AND (p_to IS NULL OR p.created_at < p_to::timestamptz)
            AND (p_after IS NULL
                OR (p.created_at, p.id) < (place_time(p_after), place_id(p_after)))
        ORDER BY p.created_at DESC, p.id DESC LIMIT looked_rows()
    ), page AS MATERIALIZED (
        SELECT l.id, l.created_at FROM looked l
        WHERE l.provider = coalesce(p_provider, l.provider) AND l.provider <> 'manual'
        ORDER BY l.created_at DESC, l.id DESC LIMIT p_limit + 1
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(json_build_object(
                'id', p.id, 'orderId', p.order_id, 'provider', p.provider, 'account', p.account,
                'externalId', p.external_id, 'createdAt', time_text(p.created_at),
                'currency', p.currency, 'amount', money_text(p.amount, p.currency),
                'refunded', money_text(p.refunded_amount, p.currency),
                'lost', money_text(d.lost, p.currency),
                'booked', json_build_object('captured', money_text(t.captured, p.currency),
                    'refunded', money_text(t.refunded, p.currency)),
                'objects', coalesce(d.objects, '[]')) ORDER BY p.created_at DESC, p.id DESC)
            FROM (SELECT g.id FROM page g ORDER BY g.created_at DESC, g.id DESC LIMIT p_limit) AS f
            JOIN payments p ON p.id = f.id
            CROSS JOIN LATERAL (
                SELECT json_agg(json_build_object('kind', c.kind, 'id', c.object_id,
                        'status', c.state, 'amount', trim_scale(c.amount)::text,
                        'fee', trim_scale(c.fee)::text, 'currency', c.currency)) FILTER (WHERE c.kind <> 'dispute') AS objects,
                    coalesce(sum(CASE WHEN c.currency = p.currency
                        THEN coalesce(c.returned, c.amount) ELSE p.amount END)
                        FILTER (WHERE c.kind = 'dispute' AND c.state = 'lost'), 0) AS lost
                FROM payment_objects b
                JOIN payment_objects c ON c.order_id = b.order_id AND c.provider = b.provider
                    AND c.account = b.account AND (c.kind = 'payment' AND c.object_id = b.object_id
                        OR c.kind IN ('refund', 'dispute')
                            AND c.parent_id IN (b.object_id, b.alias))
                WHERE b.provider = p.provider AND b.account = p.account AND b.kind = 'payment'
                    AND b.object_id = p.external_id AND b.order_id = p.order_id
            ) AS d
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(l.amount) FILTER (WHERE l.type IN ('capture', 'manual')), 0)
                        AS captured,
                    -coalesce(sum(l.amount) FILTER (WHERE l.type IN ('refund', 'reversal',
                        'dispute')), 0) AS refunded
                FROM payment_transactions l
                WHERE l.payment_id = p.id AND l.currency = p.currency
            ) AS t), '[]'),
        'next', CASE WHEN (SELECT count(*) FROM page) <= p_limit
            THEN (SELECT place_text(l.created_at, l.id) FROM looked l
                ORDER BY l.created_at DESC, l.id DESC LIMIT 1 OFFSET looked_rows() - 1)
            ELSE (SELECT place_text(g.created_at, g.id) FROM page g
                ORDER BY g.created_at DESC, g.id DESC LIMIT 1 OFFSET p_limit - 1) END)::text;
END;
