-- What a delivery does beyond storing and applying its event: what it vouches for, what the session shows of it, when it is tried again.

-- The tags of the order that an event has changed, and of its sessions. An answer that says "it is done" vouches for every later read, also
-- where whoever did it never got to invalidating. Volatile: it has to see what was committed while its statement waited.
CREATE FUNCTION webhook_event_tags(p_event uuid) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN coalesce((
        SELECT order_tags(o.organization_id, o.id, o.customer_id, o.status)
            || ARRAY(SELECT 'session:' || s.organization_id || '/' || s.id FROM payment_sessions s WHERE s.order_id = o.id)
        FROM webhook_events e JOIN orders o ON o.id = e.order_id WHERE e.id = p_event), '{}');
END $$;

-- payment_event_apply, and what the shopper's session shows of it: event id, type, status and amount, never the body.
CREATE FUNCTION webhook_event_apply(p_event uuid, p_objects jsonb, p_trusted boolean)
RETURNS TABLE (outcome text, reason text, payment_status text, xid text, tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    a record;
BEGIN
    SELECT * INTO a FROM payment_event_apply(p_event, p_objects, p_trusted);
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

-- Nothing could be learnt about an event: it waits, each time twice as long, with the reason for everybody to see.
CREATE FUNCTION webhook_event_postpone(p_event uuid, p_reason text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE webhook_events e SET attempts = e.attempts + 1, reason = p_reason,
        next_attempt_at = now() + least(interval '1 hour', interval '10 seconds' * power(2, least(e.attempts, 10)))
    WHERE e.id = p_event AND e.state = 'received';
END;

-- Nobody can do anything with an event but look at it.
CREATE FUNCTION webhook_event_give_up(p_event uuid, p_reason text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE webhook_events e SET attempts = e.attempts + 1, state = 'needs_review', reason = p_reason
    WHERE e.id = p_event AND e.state = 'received';
END;

-- webhook_event_replay, and the event itself, taken for p_lease as by webhook_events_claim.
--   outcome: replayed; not_found; applied (it has taken effect); without_body (its body has been forgotten).
CREATE FUNCTION webhook_event_again(p_organization uuid, p_event uuid, p_principal text, p_lease interval)
RETURNS TABLE (outcome text, event uuid, provider text, account text, event_id text, kind text, body bytea, conflict boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e webhook_events;
BEGIN
    IF NOT webhook_event_replay(p_organization, p_event, p_principal) THEN
        SELECT * INTO e FROM webhook_events w WHERE w.id = p_event AND (p_organization IS NULL OR w.organization_id = p_organization);
        outcome := CASE WHEN NOT FOUND THEN 'not_found' WHEN e.state = 'applied' THEN 'applied' ELSE 'without_body' END;
        RETURN NEXT;
        RETURN;
    END IF;
    UPDATE webhook_events w SET next_attempt_at = now() + p_lease WHERE w.id = p_event RETURNING * INTO e;
    RETURN QUERY SELECT 'replayed', e.id, e.provider, e.account, e.event_id, e.kind, e.body, e.conflict;
END $$;
