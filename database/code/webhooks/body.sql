-- The headers and the body of one event. It is written down who has looked at them.
--   p_principal: the operator.
--   outcome: read; not_found; without_body (it has been forgotten, or there never was one).
--   event_id: the provider's. headers: JSON, or NULL.
CREATE OR REPLACE FUNCTION webhook_body(p_event uuid, p_principal text)
RETURNS TABLE (outcome text, event_id text, headers text, body bytea) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e webhook_events;
BEGIN
    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event;
    outcome := CASE WHEN NOT FOUND THEN 'not_found' WHEN e.body IS NULL THEN 'without_body'
        ELSE 'read' END;
    IF outcome = 'read' THEN
        INSERT INTO payment_audit (actor, relation, organization_id, order_id, before, after)
        VALUES (p_principal, 'webhook_events', e.organization_id, e.order_id,
            jsonb_build_object('event', p_event), jsonb_build_object('event', p_event, 'read',
                'body'));
        event_id := e.event_id;
        headers := e.headers::text;
        body := e.body;
    END IF;
    RETURN NEXT;
END $$;
