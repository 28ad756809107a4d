-- One event with all that is known of it but its body: its attempts, the verdict, the objects that
-- it spoke of, what it has changed, and what operators have decided about it. No row: there is
-- none.
--   body: the JSON to send. Attempts and changes are the first hundred each.
CREATE OR REPLACE FUNCTION webhook_get(p_event uuid) RETURNS TABLE (body text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT (webhook_document(e)::jsonb || jsonb_build_object(
        'organizationId', e.organization_id,
        'occurredAt', time_text(e.occurred_at),
        'lastDeliveryAt', time_text(e.last_delivery_at),
        'nextAttemptAt', CASE WHEN e.state = 'received' THEN time_text(e.next_attempt_at) END,
        'bodySha256', e.body_sha256,
        'hasBody', e.body IS NOT NULL,
        'bodyExpiresAt', CASE WHEN e.body IS NOT NULL THEN time_text(e.body_expires_at) END,
        'conflict', e.conflict,
        'resource', e.resource,
        'resourceAgrees', e.agreed,
        'transmissions', coalesce((SELECT jsonb_agg(t.transmission_id ORDER BY t.transmission_id)
            FROM webhook_transmissions t WHERE t.event = e.id), '[]'),
        'history', coalesce((SELECT jsonb_agg(jsonb_build_object('at', time_text(h.at),
                'attempts', h.attempts, 'status', h.state, 'reason', h.reason) ORDER BY h.at, h.xid)
            FROM (SELECT * FROM webhook_attempts a WHERE a.event = e.id
                ORDER BY a.at, a.xid LIMIT 100) AS h), '[]'),
        'objects', coalesce((SELECT jsonb_agg(jsonb_build_object('kind', b.kind, 'id', b.object_id,
                'status', b.state, 'amount', money_text(b.amount, b.currency),
                'currency', b.currency, 'orderId', b.order_id, 'refused', b.refused)
                    ORDER BY b.kind, b.object_id)
            FROM webhook_event_objects l JOIN payment_objects b
                ON (b.provider, b.account, b.kind, b.object_id)
                    = (l.provider, l.account, l.kind, l.object_id)
            WHERE l.event = e.id), '[]'),
        'changes', coalesce((SELECT jsonb_agg(jsonb_build_object('at', time_text(c.at),
                'relation', c.relation, 'orderId', c.order_id,
                'before', audit_difference(c.before, c.after),
                'after', audit_difference(c.after, c.before)) ORDER BY c.id)
            FROM (SELECT * FROM payment_audit a WHERE a.actor = 'event:' || e.id
                ORDER BY a.id LIMIT 100) AS c), '[]'),
        'decisions', coalesce((SELECT jsonb_agg(jsonb_build_object('at', time_text(d.at),
                'by', d.actor, 'before', d.before - 'event', 'after', d.after - 'event')
                    ORDER BY d.id)
            FROM (SELECT * FROM payment_audit a WHERE a.relation = 'webhook_events'
                AND a.before ->> 'event' = e.id::text ORDER BY a.id LIMIT 100) AS d), '[]')
        ))::text
    FROM webhook_events e WHERE e.id = p_event;
END;
