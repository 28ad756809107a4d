-- A page of events, the newest first; never their bodies. A dismissed event is shown in a status of
-- its own.
--   p_organization: NULL for all, those of unknown accounts included. p_state: NULL for all.
--   p_limit: events on a page. p_offset: events before it.
--   body: the JSON to send.
CREATE OR REPLACE FUNCTION webhook_list(p_organization uuid, p_state text, p_limit integer,
    p_offset integer)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(json_build_object(
                'id', e.id, 'provider', e.provider, 'account', e.account, 'eventId', e.event_id,
                    'type', e.kind,
                'status', CASE WHEN e.dismissed_at IS NULL THEN e.state ELSE 'dismissed' END,
                'reason', e.reason, 'orderId', e.order_id, 'deliveries', e.deliveries, 'attempts',
                    e.attempts,
                'receivedAt', time_text(e.received_at), 'appliedAt', time_text(e.applied_at),
                'dismissedAt', time_text(e.dismissed_at)) ORDER BY e.received_at DESC, e.id)
            FROM (SELECT * FROM webhook_events w
                WHERE (p_organization IS NULL OR w.organization_id = p_organization)
                AND (p_state IS NULL OR CASE WHEN w.dismissed_at IS NULL THEN w.state
                    ELSE 'dismissed' END = p_state)
                ORDER BY w.received_at DESC, w.id LIMIT p_limit OFFSET p_offset) AS e), '[]'),
        'page', p_offset / greatest(p_limit, 1) + 1,
        'limit', p_limit,
        'total', (SELECT count(*) FROM webhook_events w
            WHERE (p_organization IS NULL OR w.organization_id = p_organization)
            AND (p_state IS NULL OR CASE WHEN w.dismissed_at IS NULL THEN w.state
                ELSE 'dismissed' END = p_state)))::text;
END;
