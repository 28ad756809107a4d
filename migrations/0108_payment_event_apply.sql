-- One event takes effect, and orders find the events that came before them.

-- Whether a reference that a provider gave back can be one of our orders'.
CREATE FUNCTION is_order_reference(reference text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN reference ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';

-- Applies what an event is about. Call it as one statement of its own.
--   p_event: as payment_event_record gave it.
--   p_objects: the objects as the provider's API shows them now (p_trusted), or as the event's own body says (not p_trusted).
--   outcome: applied; already_applied (by somebody else meanwhile); waiting (the order or the payment isn't known yet: it stays
--     received and is applied when that appears); needs_review (the money is recorded where it is certain); ignored; unknown_event.
--   reason: of waiting and needs_review. session, session_status: the order's newest payment session, for the copy in Redis.
--   xid, tags: what the caller has to forget, as with every write.
CREATE FUNCTION payment_event_apply(p_event uuid, p_objects jsonb, p_trusted boolean)
RETURNS TABLE (outcome text, reason text, organization text, order_id text, payment_status text, session text, session_status text,
    xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e webhook_events;
    owner uuid;
    object jsonb;
    key text;
    affected text[];
    one uuid;
    verdict record;
BEGIN
    tags := '{}';
    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event;
    IF NOT FOUND OR e.state IN ('applied', 'ignored') THEN
        outcome := CASE WHEN e.id IS NULL THEN 'unknown_event' WHEN e.state = 'applied' THEN 'already_applied' ELSE 'ignored' END;
        RETURN NEXT;
        RETURN;
    END IF;

    -- The payments first, then the orders, then rows: everybody in this order, so nobody waits in a circle. A refund locks its payment:
    -- the two can't miss each other when they come at the same moment.
    FOR key IN
        SELECT DISTINCT k FROM jsonb_array_elements(p_objects) AS b,
            unnest(ARRAY[coalesce(b ->> 'parent', b ->> 'id'), b ->> 'alias']) AS k WHERE k IS NOT NULL ORDER BY k
    LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended(format('payments/%s/%s/%s', e.provider, e.account, key), 0));
    END LOOP;

    PERFORM payment_actor('event:' || p_event);
    SELECT a.organization_id INTO owner FROM provider_accounts a WHERE a.provider = e.provider AND a.account = e.account;
    -- Every order that these objects, as told now or known before, or the payments behind them, point to. Locked before anything is
    -- written: whoever folds one of them writes these rows, too.
    SELECT array_agg(DISTINCT r) INTO affected
    FROM jsonb_array_elements(p_objects) AS b
    LEFT JOIN payment_objects k ON k.provider = e.provider AND k.account = e.account AND k.kind = b ->> 'kind' AND k.object_id = b ->> 'id'
    LEFT JOIN payment_objects p ON p.provider = e.provider AND p.account = e.account AND p.kind = 'payment'
        AND b ->> 'kind' IN ('refund', 'dispute') AND coalesce(b ->> 'parent', k.parent_id) IN (p.object_id, p.alias)
    LEFT JOIN payment_sessions s ON s.gateway = e.provider
        AND s.external_id IN (b ->> 'external_order', b ->> 'id', k.external_order, p.external_order, p.object_id),
        unnest(ARRAY[b ->> 'order_reference', k.order_id::text, k.order_reference, p.order_id::text, p.order_reference, s.order_id::text]) AS r
    WHERE r IS NOT NULL;
    PERFORM payment_lock_orders(affected, false);

    -- What another delivery of it may have done while this one waited.
    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event;
    IF e.state = 'applied' THEN
        outcome := 'already_applied';
        RETURN NEXT;
        RETURN;
    END IF;
    -- A body that conflicts with another one of the same transmission is believed only through the API.
    IF e.conflict AND NOT p_trusted THEN
        UPDATE webhook_events w SET state = 'needs_review', reason = 'transmission-conflict', attempts = w.attempts + 1
        WHERE w.id = p_event AND w.state <> 'applied';
        outcome := 'needs_review';
        reason := 'transmission-conflict';
        RETURN NEXT;
        RETURN;
    END IF;
    FOR object IN SELECT b FROM jsonb_array_elements(p_objects) AS b ORDER BY b ->> 'kind', b ->> 'id' LOOP
        PERFORM payment_object_observe(e.provider, e.account, object, CASE
            WHEN owner IS NULL THEN 'unknown-account'
            WHEN object ->> 'payee' <> e.account AND NOT EXISTS (SELECT FROM provider_accounts a WHERE a.provider = e.provider
                AND a.account = object ->> 'payee' AND a.organization_id = owner) THEN 'unknown-account'
        END);
        INSERT INTO webhook_event_objects (event, provider, account, kind, object_id)
        VALUES (p_event, e.provider, e.account, object ->> 'kind', object ->> 'id') ON CONFLICT DO NOTHING;
    END LOOP;

    UPDATE webhook_events w SET attempts = w.attempts + 1, organization_id = coalesce(w.organization_id, owner),
        next_attempt_at = now() + least(interval '1 hour', interval '10 seconds' * power(2, least(w.attempts, 10)))
    WHERE w.id = p_event;
    FOREACH one IN ARRAY coalesce((SELECT array_agg(r::uuid ORDER BY r) FROM unnest(affected) AS r WHERE is_order_reference(r)), '{}') LOOP
        PERFORM payment_fold(one);
    END LOOP;
    -- Where no order was folded, nobody has judged it yet.
    SELECT * INTO verdict FROM payment_event_verdict(p_event);
    UPDATE webhook_events w SET state = verdict.state, reason = verdict.reason, applied_at = CASE WHEN verdict.state = 'applied' THEN now() END
    WHERE w.id = p_event AND w.state IN ('received', 'needs_review') AND (w.state, w.reason) IS DISTINCT FROM (verdict.state, verdict.reason);

    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event;
    outcome := CASE e.state WHEN 'received' THEN 'waiting' ELSE e.state END;
    reason := e.reason;
    SELECT o.organization_id::text, o.id::text, o.payment_status, o.id INTO organization, order_id, payment_status, one
    FROM webhook_event_objects l
    JOIN payment_objects b ON (b.provider, b.account, b.kind, b.object_id) = (l.provider, l.account, l.kind, l.object_id)
    JOIN orders o ON o.id = b.order_id WHERE l.event = p_event ORDER BY o.id LIMIT 1;
    SELECT s.id::text, payment_session_status(s.status, s.expires_at) INTO session, session_status
    FROM payment_sessions s WHERE s.order_id = one AND order_id IS NOT NULL ORDER BY s.updated_at DESC, s.id LIMIT 1;
    xid := pg_current_xact_id()::text;
    tags := announced_tags();
    RETURN NEXT;
END $$;

-- New orders look for what was paid for them before they were there.
CREATE FUNCTION payments_of_new_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    one uuid;
BEGIN
    PERFORM payment_lock_orders((SELECT array_agg(n.id::text) FROM new_rows n), true);
    FOR one IN SELECT n.id FROM new_rows n
        WHERE EXISTS (SELECT FROM payment_objects b WHERE b.order_id IS NULL AND b.order_reference = n.id::text) ORDER BY n.id
    LOOP
        PERFORM payment_fold(one);
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER payments_of_new_orders AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION payments_of_new_orders();

-- A session that learns its id at the provider looks for what was told about that id before.
CREATE FUNCTION payments_of_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.external_id IS NOT NULL AND EXISTS (SELECT FROM payment_objects b WHERE b.order_id IS NULL AND b.provider = NEW.gateway
        AND NEW.external_id IN (b.external_order, b.object_id)) THEN
        PERFORM payment_lock_orders(ARRAY[NEW.order_id::text], false);
        PERFORM payment_fold(NEW.order_id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER payments_of_session AFTER INSERT OR UPDATE OF external_id ON payment_sessions
    FOR EACH ROW EXECUTE FUNCTION payments_of_session();
