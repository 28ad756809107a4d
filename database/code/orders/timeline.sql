-- A page of what has become of an order and its money, the newest first: changes of the order, its
-- stock and shipments, its invoice and credit notes, its payment sessions and guest tokens, its
-- payments, the objects behind them at providers, refunds that were asked for, events that took
-- effect or wait, and operators' decisions. No row: no such order, and none that was ever audited.
--   p_limit: how many. p_after: the place where the last page ended, NULL for the first page.
--   body: the JSON to send. next: the place where the next page begins, null after the last one.
--     knownSince: the time from which on changes of the order (status) and of its payments (money)
--     are known: the oldest row that each audit has. null: the audit is empty.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION order_timeline(p_organization uuid, p_order uuid, p_limit integer,
    p_after text)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH found AS (
        (SELECT a.at, timeline_entry_id(1, a.id) AS id, CASE a.relation WHEN 'orders' THEN 'order'
                WHEN 'payment_sessions' THEN 'session' WHEN 'guest_tokens' THEN 'guestToken'
                WHEN 'shipments' THEN 'shipment' WHEN 'invoices' THEN 'invoice'
                WHEN 'credit_notes' THEN 'creditNote' ELSE 'stock' END AS type,
            CASE a.relation WHEN 'orders' THEN a.order_id::text
                ELSE coalesce(a.after, a.before) ->> 'id' END AS subject,
            CASE a.relation WHEN 'stock_reservations' THEN 'reservation'
                WHEN 'stock_holds' THEN 'hold' END AS kind, a.actor, a.before, a.after
        FROM order_audit a WHERE a.order_id = p_order AND a.organization_id = p_organization
            AND (p_after IS NULL OR (a.at, timeline_entry_id(1, a.id))
                < (place_time(p_after), place_id(p_after)))
        ORDER BY a.at DESC, a.id DESC LIMIT p_limit + 1)
        UNION ALL
        (SELECT a.at, timeline_entry_id(2, a.id), CASE a.relation WHEN 'payments' THEN 'payment'
                WHEN 'payment_objects' THEN 'object' WHEN 'refund_requests' THEN 'refundRequest'
                ELSE 'decision' END,
            CASE a.relation WHEN 'payment_objects' THEN coalesce(a.after, a.before) ->> 'object_id'
                WHEN 'webhook_events' THEN coalesce(a.after, a.before) ->> 'event'
                ELSE coalesce(a.after, a.before) ->> 'id' END,
            CASE a.relation WHEN 'payment_objects' THEN coalesce(a.after, a.before) ->> 'kind' END,
            a.actor, a.before, a.after
        FROM payment_audit a WHERE a.order_id = p_order
            AND (p_after IS NULL OR (a.at, timeline_entry_id(2, a.id))
                < (place_time(p_after), place_id(p_after)))
        ORDER BY a.at DESC, a.id DESC LIMIT p_limit + 1)
        UNION ALL
        -- One transaction may have judged several events.
        (SELECT h.at, md5(h.event || '/' || h.xid)::uuid, 'event', e.event_id, e.kind,
            'event:' || e.id, NULL, jsonb_build_object('id', e.id, 'provider', e.provider,
                'status', h.state, 'reason', h.reason)
        FROM webhook_events e JOIN webhook_attempts h ON h.event = e.id
        WHERE e.order_id = p_order
            AND (p_after IS NULL OR (h.at, md5(h.event || '/' || h.xid)::uuid)
                < (place_time(p_after), place_id(p_after)))
        ORDER BY 1 DESC, 2 DESC LIMIT p_limit + 1)
    ), page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT * FROM found f ORDER BY f.at DESC, f.id DESC LIMIT p_limit + 1
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(json_build_object('at', time_text(p.at), 'type', p.type,
                'id', p.subject, 'kind', p.kind, 'actor', p.actor,
                'before', audit_difference(p.before, p.after),
                'after', audit_difference(p.after, p.before)) ORDER BY p.at DESC, p.id DESC)
            FROM (SELECT * FROM page ORDER BY at DESC, id DESC LIMIT p_limit) AS p), '[]'),
        'limit', p_limit,
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT place_text(p.at, p.id) FROM page p
                ORDER BY p.at DESC, p.id DESC LIMIT 1 OFFSET p_limit - 1) END,
        'knownSince', json_build_object(
            'status', (SELECT time_text(a.at) FROM order_audit a ORDER BY a.id LIMIT 1),
            'money', (SELECT time_text(a.at) FROM payment_audit a ORDER BY a.id LIMIT 1)))::text
    WHERE EXISTS (SELECT FROM orders o WHERE o.organization_id = p_organization AND o.id = p_order)
        OR EXISTS (SELECT FROM order_audit a WHERE a.order_id = p_order
            AND a.organization_id = p_organization);
END;
