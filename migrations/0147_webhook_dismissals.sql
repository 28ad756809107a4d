-- Operators put aside what they have looked at: an event in review that nothing is to be done about. It changes nothing about money. Should the
-- event come to anything else later, another reason among it, it is in review again.

ALTER TABLE webhook_events
    ADD COLUMN dismissed_at timestamptz,
    ADD CONSTRAINT webhook_events_dismissed CHECK (dismissed_at IS NULL OR state = 'needs_review');

-- Somebody has looked at this state and this reason, and at no other. A replay sets both anew, so it ends a dismissal, too.
CREATE FUNCTION webhook_event_reopen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.dismissed_at := NULL;
    RETURN NEW;
END $$;

CREATE TRIGGER reopen BEFORE UPDATE ON webhook_events FOR EACH ROW
    WHEN (OLD.dismissed_at IS NOT NULL AND (OLD.state, OLD.reason) IS DISTINCT FROM (NEW.state, NEW.reason))
    EXECUTE FUNCTION webhook_event_reopen();
ALTER TABLE webhook_events ENABLE ALWAYS TRIGGER reopen;

-- An operator's "seen". Again it changes nothing, and the first note stays.
--   outcome: dismissed; not_found; not_in_review. event_id: the provider's. state, reason: the event's.
CREATE FUNCTION webhook_event_dismiss(p_event uuid, p_principal text, p_note text)
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
            jsonb_strip_nulls(jsonb_build_object('event', p_event, 'state', 'dismissed', 'reason', e.reason, 'note', p_note)));
    END IF;
    RETURN NEXT;
END $$;

-- As in 0112, without what was put aside.
CREATE OR REPLACE VIEW webhook_event_counts AS
SELECT state, coalesce(reason, '') AS reason, count(*) AS events, extract(epoch FROM now() - min(received_at)) AS oldest_seconds
FROM webhook_events WHERE state IN ('received', 'needs_review') AND dismissed_at IS NULL GROUP BY state, coalesce(reason, '');

-- As in 0112. What was put aside is shown in a state of its own.
CREATE OR REPLACE FUNCTION webhook_events_page(p_organization uuid, p_state text, p_limit integer, p_offset integer)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(json_build_object(
                'id', e.id, 'provider', e.provider, 'account', e.account, 'eventId', e.event_id, 'type', e.kind,
                'status', CASE WHEN e.dismissed_at IS NULL THEN e.state ELSE 'dismissed' END,
                'reason', e.reason, 'orderId', e.order_id, 'deliveries', e.deliveries, 'attempts', e.attempts,
                'receivedAt', time_text(e.received_at), 'appliedAt', time_text(e.applied_at),
                'dismissedAt', time_text(e.dismissed_at)) ORDER BY e.received_at DESC, e.id)
            FROM (SELECT * FROM webhook_events w WHERE (p_organization IS NULL OR w.organization_id = p_organization)
                AND (p_state IS NULL OR CASE WHEN w.dismissed_at IS NULL THEN w.state ELSE 'dismissed' END = p_state)
                ORDER BY w.received_at DESC, w.id LIMIT p_limit OFFSET p_offset) AS e), '[]'),
        'page', p_offset / greatest(p_limit, 1) + 1,
        'limit', p_limit,
        'total', (SELECT count(*) FROM webhook_events w WHERE (p_organization IS NULL OR w.organization_id = p_organization)
            AND (p_state IS NULL OR CASE WHEN w.dismissed_at IS NULL THEN w.state ELSE 'dismissed' END = p_state)))::text;
END;

-- As in 0112; nobody waits for what was put aside either.
CREATE OR REPLACE FUNCTION webhook_bodies_sweep(p_limit integer) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    WITH swept AS (
        UPDATE webhook_events e SET body = NULL, headers = NULL
        WHERE e.id IN (SELECT d.id FROM webhook_events d WHERE d.body IS NOT NULL AND d.body_expires_at <= now()
            AND (d.state IN ('applied', 'ignored') OR d.dismissed_at IS NOT NULL)
            ORDER BY d.body_expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
        RETURNING 1
    )
    SELECT count(*) FROM swept;
END;
