-- Puts an event in review aside: an operator has looked at it, and nothing is to be done. It
-- changes nothing about money. A second time changes nothing, and the first note stays. If the
-- event later comes to another state or reason, it is in review again.
--   p_principal: the operator. p_note: NULL for none.
--   outcome: dismissed; not_found; not_in_review. event_id: the provider's. state, reason: the
--   event's.
CREATE OR REPLACE FUNCTION webhook_dismiss(p_event uuid, p_principal text, p_note text)
RETURNS TABLE (outcome text, event_id text, state text, reason text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e webhook_events;
BEGIN
    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    outcome := CASE e.state WHEN 'needs_review' THEN 'dismissed' ELSE 'not_in_review' END;
    event_id := e.event_id;
    state := e.state;
    reason := e.reason;
    IF e.state = 'needs_review' AND e.dismissed_at IS NULL THEN
        UPDATE webhook_events w SET dismissed_at = now() WHERE w.id = p_event;
        INSERT INTO payment_audit (actor, relation, organization_id, order_id, before, after)
        VALUES (p_principal, 'webhook_events', e.organization_id, e.order_id,
            jsonb_build_object('event', p_event, 'state', e.state, 'reason', e.reason),
            jsonb_strip_nulls(jsonb_build_object('event', p_event, 'state', 'dismissed', 'reason',
                e.reason, 'note', p_note)));
    END IF;
    RETURN NEXT;
END $$;
