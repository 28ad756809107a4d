-- The JSON of an event as lists show it; never its body.
CREATE OR REPLACE FUNCTION webhook_document(e webhook_events) RETURNS json LANGUAGE sql STABLE
RETURN json_build_object(
    'id', e.id,
    'provider', e.provider,
    'account', e.account,
    'eventId', e.event_id,
    'type', e.kind,
    'status', CASE WHEN e.dismissed_at IS NULL THEN e.state ELSE 'dismissed' END,
    'reason', e.reason,
    'orderId', e.order_id,
    'deliveries', e.deliveries,
    'attempts', e.attempts,
    'receivedAt', time_text(e.received_at),
    'appliedAt', time_text(e.applied_at),
    'dismissedAt', time_text(e.dismissed_at));
