-- A page of an organisation's captured payments, those that were captured last first.
--   Each filter is NULL if it isn't asked for: p_status: the payment's; p_provider;
--   p_from: captured at or after, p_to: captured before, both RFC 3339.
--   p_limit: how many. p_after: the place where the last page ended, NULL for the first page.
--   body: the JSON to send. next: the place where the next page begins, null after the last one.
-- A page looks at looked_rows() payments, so a search may end before its page is full, with a next.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION capture_search(p_organization uuid, p_status text, p_provider text,
    p_from text, p_to text, p_limit integer, p_after text)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH looked AS NOT MATERIALIZED (
        SELECT p.id, p.captured_at, p.status, p.provider FROM payments p
        WHERE p.organization_id = p_organization AND p.captured_at IS NOT NULL
            AND (p_from IS NULL OR p.captured_at >= p_from::timestamptz)
            AND (p_to IS NULL OR p.captured_at < p_to::timestamptz)
            AND (p_after IS NULL
                OR (p.captured_at, p.id) < (place_time(p_after), place_id(p_after)))
        ORDER BY p.captured_at DESC, p.id DESC LIMIT looked_rows()
    ), page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT l.id, l.captured_at FROM looked l
        WHERE (p_status IS NULL OR l.status = p_status)
            AND (p_provider IS NULL OR l.provider = p_provider)
        ORDER BY l.captured_at DESC, l.id DESC LIMIT p_limit + 1
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(json_build_object(
                'id', m.id, 'orderId', m.order_id, 'provider', m.provider, 'account', m.account,
                'externalTransactionId', m.external_id, 'externalOrderId', m.external_order_id,
                'status', m.status, 'amount', money_text(m.amount, m.currency),
                'refundedAmount', money_text(m.refunded_amount, m.currency),
                'currency', m.currency, 'capturedAt', time_text(m.captured_at),
                'updatedAt', time_text(m.updated_at)) ORDER BY p.captured_at DESC, p.id DESC)
            FROM (SELECT * FROM page ORDER BY captured_at DESC, id DESC LIMIT p_limit) AS p
            JOIN payments m ON m.id = p.id), '[]'),
        'limit', p_limit,
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT place_text(p.captured_at, p.id) FROM page p
                ORDER BY p.captured_at DESC, p.id DESC LIMIT 1 OFFSET p_limit - 1)
            ELSE (SELECT place_text(l.captured_at, l.id) FROM looked l
                ORDER BY l.captured_at DESC, l.id DESC LIMIT 1 OFFSET looked_rows() - 1)
            END)::text;
END;
