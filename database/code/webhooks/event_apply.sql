-- As in 0113.
CREATE OR REPLACE FUNCTION webhook_event_apply(p_event uuid, p_objects jsonb, p_trusted boolean, p_resource text DEFAULT NULL,
    p_agrees boolean DEFAULT false)
RETURNS TABLE (outcome text, reason text, payment_status text, xid text, tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    a record;
BEGIN
    SELECT * INTO a FROM payment_event_apply(p_event, p_objects, p_trusted, p_resource, p_agrees);
    IF a.session IS NOT NULL AND a.outcome IN ('applied', 'needs_review') THEN
        UPDATE payment_sessions s SET updated_at = now(), webhook_data = (
            SELECT jsonb_strip_nulls(jsonb_build_object('eventId', e.event_id, 'type', e.kind, 'status', b.object ->> 'state',
                'amount', b.object ->> 'amount', 'currency', b.object ->> 'currency'))
            FROM webhook_events e LEFT JOIN LATERAL (SELECT o AS object FROM jsonb_array_elements(p_objects) AS o
                ORDER BY o ->> 'kind' = 'payment' DESC, o ->> 'id' LIMIT 1) AS b ON true
            WHERE e.id = p_event)
        WHERE s.id = a.session::uuid;
    END IF;
    RETURN QUERY SELECT a.outcome, a.reason, a.payment_status, coalesce(a.xid, ''),
        -- All that this transaction has announced, the session among it.
        CASE WHEN a.outcome = 'already_applied' THEN webhook_event_tags(p_event) ELSE announced_tags() END;
END $$;
