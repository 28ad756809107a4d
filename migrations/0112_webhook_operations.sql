-- What operators and schedulers do with events.

-- Takes events that are due to be tried again, each for p_lease: nobody else gets them before. The earliest first.
CREATE FUNCTION webhook_events_claim(p_limit integer, p_lease interval)
RETURNS TABLE (event uuid, provider text, account text, event_id text, kind text, body bytea, conflict boolean, attempts integer) LANGUAGE sql
BEGIN ATOMIC
    UPDATE webhook_events e SET next_attempt_at = now() + p_lease
    WHERE e.id IN (SELECT d.id FROM webhook_events d WHERE d.state = 'received' AND d.next_attempt_at <= now()
        ORDER BY d.next_attempt_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
    RETURNING e.id, e.provider, e.account, e.event_id, e.kind, e.body, e.conflict, e.attempts;
END;

-- An operator's "again": due at once, whatever was decided but applied. False: no such event, or applied.
CREATE FUNCTION webhook_event_replay(p_organization uuid, p_event uuid, p_principal text) RETURNS boolean LANGUAGE plpgsql AS $$
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

-- How many events are open, and since when: for metrics.
CREATE VIEW webhook_event_counts AS
SELECT state, coalesce(reason, '') AS reason, count(*) AS events, extract(epoch FROM now() - min(received_at)) AS oldest_seconds
FROM webhook_events WHERE state IN ('received', 'needs_review') GROUP BY state, coalesce(reason, '');

-- A page of events as JSON, the newest first; never their bodies. p_organization NULL: all, with those of unknown accounts.
CREATE FUNCTION webhook_events_page(p_organization uuid, p_state text, p_limit integer, p_offset integer) RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(json_build_object(
                'id', e.id, 'provider', e.provider, 'account', e.account, 'eventId', e.event_id, 'type', e.kind, 'status', e.state,
                'reason', e.reason, 'orderId', e.order_id, 'deliveries', e.deliveries, 'attempts', e.attempts,
                'receivedAt', time_text(e.received_at), 'appliedAt', time_text(e.applied_at)) ORDER BY e.received_at DESC, e.id)
            FROM (SELECT * FROM webhook_events w WHERE (p_organization IS NULL OR w.organization_id = p_organization)
                AND (p_state IS NULL OR w.state = p_state) ORDER BY w.received_at DESC, w.id LIMIT p_limit OFFSET p_offset) AS e), '[]'),
        'page', p_offset / greatest(p_limit, 1) + 1,
        'limit', p_limit,
        'total', (SELECT count(*) FROM webhook_events w WHERE (p_organization IS NULL OR w.organization_id = p_organization)
            AND (p_state IS NULL OR w.state = p_state)))::text;
END;

-- Which of a provider's event ids never arrived: for reconciliation with its list of events.
CREATE FUNCTION webhook_events_missing(p_provider text, p_account text, p_event_ids text[]) RETURNS TABLE (event_id text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT DISTINCT u FROM unnest(p_event_ids) AS u
    WHERE NOT EXISTS (SELECT FROM webhook_events e WHERE e.provider = p_provider AND e.account = p_account AND e.event_id = u)
    ORDER BY u;
END;

-- Forgets headers and bodies whose time is over, at most p_limit; how many. What still has to be applied keeps its body.
CREATE FUNCTION webhook_bodies_sweep(p_limit integer) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    WITH swept AS (
        UPDATE webhook_events e SET body = NULL, headers = NULL
        WHERE e.id IN (SELECT d.id FROM webhook_events d WHERE d.body IS NOT NULL AND d.body_expires_at <= now()
            AND d.state IN ('applied', 'ignored') ORDER BY d.body_expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
        RETURNING 1
    )
    SELECT count(*) FROM swept;
END;
