-- An operator's "again": due at once, whatever was decided but applied. False: no such event, or applied.
CREATE OR REPLACE FUNCTION webhook_event_replay(p_organization uuid, p_event uuid, p_principal text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    was webhook_events;
BEGIN
    SELECT * INTO was FROM webhook_events e WHERE e.id = p_event AND e.state <> 'applied' AND e.body IS NOT NULL
        AND (p_organization IS NULL OR e.organization_id = p_organization) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE webhook_events e SET state = 'received', reason = NULL, next_attempt_at = now() WHERE e.id = p_event;
    INSERT INTO payment_audit (actor, relation, organization_id, order_id, before, after)
    VALUES (p_principal, 'webhook_events', was.organization_id, was.order_id,
        jsonb_build_object('event', p_event, 'state', was.state, 'reason', was.reason),
        jsonb_build_object('event', p_event, 'state', 'received'));
    RETURN true;
END $$;
