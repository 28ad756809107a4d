-- A page of events, the newest first; never their bodies. A dismissed event is shown in a status of
-- its own.
--   Each filter is NULL if it isn't asked for: p_organization (else all, those of unknown accounts
--   included); p_state; p_order; p_provider; p_account; p_kind: the event's type; p_reason;
--   p_transmission: PayPal's; p_from: received at or after, p_to: received before, both RFC 3339.
--   p_limit: events on a page. p_offset: events before it.
--   p_after: the place where the last page ended, NULL for the first page.
--   body: the JSON to send. next: the place where the next page begins, null after the last one.
--     total: the number of events that match, null if p_after is given.
-- A page looks at looked_rows() events. Order, transmission, status or organisation, the first that
-- is given, choose them by an index; the other filters only look. So a search may end before its
-- page is full, with a next, and total counts what was looked at.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION webhook_list(p_organization uuid, p_state text, p_limit integer,
    p_offset integer, p_order uuid DEFAULT NULL, p_provider text DEFAULT NULL,
    p_account text DEFAULT NULL, p_kind text DEFAULT NULL, p_reason text DEFAULT NULL,
    p_transmission text DEFAULT NULL, p_from text DEFAULT NULL, p_to text DEFAULT NULL,
    p_after text DEFAULT NULL)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH looked AS NOT MATERIALIZED (
        SELECT w.id, w.received_at, w.organization_id, w.order_id, w.provider, w.account, w.kind,
            w.reason, CASE WHEN w.dismissed_at IS NULL THEN w.state ELSE 'dismissed' END AS shown
        FROM webhook_events w
        WHERE (p_order IS NULL OR w.order_id = p_order)
            AND (p_order IS NOT NULL OR p_transmission IS NULL
                OR w.id = ANY (ARRAY(SELECT t.event FROM webhook_transmissions t
                    WHERE t.transmission_id = p_transmission)))
            AND (p_order IS NOT NULL OR p_transmission IS NOT NULL OR p_state IS NULL
                OR CASE WHEN w.dismissed_at IS NULL THEN w.state ELSE 'dismissed' END = p_state)
            AND (p_order IS NOT NULL OR p_transmission IS NOT NULL OR p_state IS NOT NULL
                OR p_organization IS NULL OR w.organization_id = p_organization)
            AND (p_from IS NULL OR w.received_at >= p_from::timestamptz)
            AND (p_to IS NULL OR w.received_at < p_to::timestamptz)
            AND (p_after IS NULL
                OR (w.received_at, w.id) < (place_time(p_after), place_id(p_after)))
        ORDER BY w.received_at DESC, w.id DESC LIMIT looked_rows()
    ), matching AS NOT MATERIALIZED (
        SELECT l.id, l.received_at FROM looked l
        WHERE (p_organization IS NULL OR l.organization_id = p_organization)
            AND (p_state IS NULL OR l.shown = p_state)
            AND (p_provider IS NULL OR l.provider = p_provider)
            AND (p_account IS NULL OR l.account = p_account)
            AND (p_kind IS NULL OR l.kind = p_kind)
            AND (p_reason IS NULL OR l.reason = p_reason)
            AND (p_transmission IS NULL OR l.id = ANY (ARRAY(
                SELECT t.event FROM webhook_transmissions t
                WHERE t.transmission_id = p_transmission)))
    ), page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT m.id, m.received_at FROM matching m
        ORDER BY m.received_at DESC, m.id DESC LIMIT p_limit + 1 OFFSET p_offset
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(webhook_document(e)
                ORDER BY p.received_at DESC, p.id DESC)
            FROM (SELECT * FROM page ORDER BY received_at DESC, id DESC LIMIT p_limit) AS p
            JOIN webhook_events e ON e.id = p.id), '[]'),
        'page', p_offset / greatest(p_limit, 1) + 1,
        'limit', p_limit,
        'total', CASE WHEN p_after IS NULL THEN (SELECT count(*) FROM matching) END,
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT place_text(p.received_at, p.id) FROM page p
                ORDER BY p.received_at DESC, p.id DESC LIMIT 1 OFFSET p_limit - 1)
            ELSE (SELECT place_text(l.received_at, l.id) FROM looked l
                ORDER BY l.received_at DESC, l.id DESC LIMIT 1 OFFSET looked_rows() - 1)
            END)::text;
END;
