-- Applies the objects of an event. Call it as one statement of its own.
--   p_event: as webhook_record gave it.
--   p_objects: the objects as the provider's API shows them now (p_trusted), or as the event's own
--     body says.
--   p_resource: the object that the event names there. p_agrees: the API shows it as the body says.
--     NULL and false: nobody has compared them.
--   outcome: applied; already_applied (by somebody else meanwhile); waiting (the order or the
--     payment isn't known yet: the event stays received, and is applied when that appears);
--     needs_review (the money is recorded as far as it is certain); ignored; unknown_event.
--   reason: of waiting and needs_review. payment_status: the order's.
--   session, session_status: the order's newest payment session, for the copy in Redis.
--   xid, tags: the transaction and what it announced.
-- A refund is called a reversal only by an event that isn't in conflict.
CREATE OR REPLACE FUNCTION payment_event_apply(p_event uuid, p_objects jsonb, p_trusted boolean,
    p_resource text DEFAULT NULL,
    p_agrees boolean DEFAULT false)
RETURNS TABLE (outcome text, reason text, organization text, order_id text, payment_status text,
    session text, session_status text,
    xid text, tags text[])
-- A session plans it once, as payment_fold.
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    e webhook_events;
    owner uuid;
    object jsonb;
    affected text[];
    affected_orders uuid[];
    one uuid;
    labelled boolean;
    refusal text;
BEGIN
    tags := '{}';
    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event;
    IF NOT FOUND OR e.state IN ('applied', 'ignored') THEN
        outcome := CASE WHEN e.id IS NULL THEN 'unknown_event' WHEN e.state = 'applied'
            THEN 'already_applied' ELSE 'ignored' END;
        RETURN NEXT;
        RETURN;
    END IF;

    affected := payment_lock_objects(e.provider, e.account, p_objects);
    PERFORM payment_actor('event:' || p_event);
    SELECT a.organization_id INTO owner FROM provider_accounts a WHERE a.provider = e.provider
        AND a.account = e.account;
    -- Another delivery of it may have applied it while this one waited.
    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event;
    IF e.state = 'applied' THEN
        outcome := 'already_applied';
        RETURN NEXT;
        RETURN;
    END IF;
    -- A body that conflicts with another one of its transmission is believed only through the API.
    IF e.conflict AND NOT p_trusted THEN
        UPDATE webhook_events w SET state = 'needs_review', reason = 'transmission-conflict',
            attempts = w.attempts + 1
        WHERE w.id = p_event AND w.state <> 'applied';
        outcome := 'needs_review';
        reason := 'transmission-conflict';
        RETURN NEXT;
        RETURN;
    END IF;
    -- Only the event says that a refund was forced. An event in conflict isn't believed in that:
    -- anybody that holds one delivery can make another type of it.
    e.resource := coalesce(p_resource, e.resource);
    e.agreed := p_agrees AND p_trusted;
    labelled := NOT e.conflict OR transmission_settled(e);
    FOR object IN SELECT b FROM jsonb_array_elements(p_objects) AS b
        ORDER BY b ->> 'kind', b ->> 'id' LOOP
        refusal := payment_object_refusal(e.provider, e.account, owner, object);
        IF NOT labelled THEN
            object := object - 'reversal';
        END IF;
        PERFORM payment_object_observe(e.provider, e.account, object, refusal);
        INSERT INTO webhook_event_objects (event, provider, account, kind, object_id)
        VALUES (p_event, e.provider, e.account, object ->> 'kind', object ->> 'id')
            ON CONFLICT DO NOTHING;
    END LOOP;
    UPDATE webhook_events w SET attempts = w.attempts + 1,
        organization_id = coalesce(w.organization_id, owner),
        resource = e.resource, agreed = e.agreed,
        next_attempt_at = now() + webhook_pause(w.attempts, w.received_at)
    WHERE w.id = p_event;
    affected_orders := ARRAY(SELECT r::uuid FROM unnest(affected) AS r WHERE is_order_reference(r));
    IF cardinality(affected_orders) > 0 THEN
        PERFORM payment_fold(affected_orders);
    END IF;
    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event;
    IF e.state <> 'applied' THEN
        -- If no order was folded, nobody has judged it yet.
        PERFORM webhook_judge(ARRAY[p_event]);
        SELECT * INTO e FROM webhook_events w WHERE w.id = p_event;
    END IF;
    outcome := CASE e.state WHEN 'received' THEN 'waiting' ELSE e.state END;
    reason := e.reason;
    SELECT o.organization_id::text, o.id::text, o.payment_status, o.id
        INTO organization, order_id, payment_status, one
    FROM webhook_event_objects l
    JOIN payment_objects b
        ON (b.provider, b.account, b.kind, b.object_id) = (l.provider, l.account, l.kind,
        l.object_id)
    JOIN orders o ON o.id = b.order_id WHERE l.event = p_event ORDER BY o.id LIMIT 1;
    SELECT s.id::text, session_status(s.status, s.expires_at) INTO session, session_status
    FROM payment_sessions s WHERE s.order_id = one
        ORDER BY s.updated_at DESC, s.id LIMIT 1;
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{orders,payments,payment_sessions}');
    RETURN NEXT;
END $$;
