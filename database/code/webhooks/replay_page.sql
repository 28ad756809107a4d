-- Takes several events of one account again, by an operator's wish, and lets them take effect in
-- one statement. Of each event the body says all that is to be known, and that is one object.
--   p_events: the events' ids here. p_objects: a JSON array with the object of each, in their
--     order.
--   p_principal: the operator.
--   outcome: as webhook_apply's, or
--     later: the event speaks of an order or payment that one before it speaks of. It is to be
--     taken by another call, so each change has the event that made it. The first one is never late.
--   reason, payment_status: as webhook_apply's. customer: the tag of the order's customer, if the
--     event was applied and the order is paid.
--   xid: the transaction. tags: what all of it announced, in the first row.
-- An event that is gone, has no body any more, or is in conflict, has no row: webhook_replay says
-- what is to be done with it.
-- It is done for all or fails for all. Locks are taken in the order of payment_lock_objects. A page
-- keeps many waiting, so it waits for others only shortly: then it fails.
CREATE OR REPLACE FUNCTION webhook_replay_page(p_provider text, p_account text, p_events text[],
    p_objects jsonb, p_principal text)
RETURNS TABLE (event text, outcome text, reason text, payment_status text, customer text, xid text,
    tags text[])
-- A session plans it once, as payment_fold.
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    v_events uuid[] := p_events::uuid[];
    v_owner uuid := (SELECT a.organization_id FROM provider_accounts a
        WHERE a.provider = p_provider AND a.account = p_account);
    asked record;
    named text[] := '{}';
    taken uuid[] := '{}';
    late uuid[] := '{}';
    objects jsonb[] := '{}';
    v_orders text[] := '{}';
    actors jsonb := '{}';
BEGIN
    PERFORM set_config('lock_timeout', '300ms', true);
    PERFORM payment_lock_objects(p_provider, p_account, p_objects);
    FOR asked IN
        SELECT w.id, i.object, w.state, coalesce(o.found, '{}') AS orders,
            ARRAY['payment/' || coalesce(i.object ->> 'parent', i.object ->> 'id'),
                'payment/' || (i.object ->> 'alias')] || coalesce(o.found, '{}') AS names
        FROM jsonb_array_elements(p_objects) WITH ORDINALITY AS i (object, place)
        JOIN webhook_events w ON w.id = v_events[i.place] AND w.body IS NOT NULL
            AND NOT w.conflict AND w.state <> 'applied'
        LEFT JOIN (SELECT f.place, array_agg(f.reference) AS found
            FROM payment_object_orders(p_provider, p_account, p_objects) AS f GROUP BY f.place) AS o
            ON o.place = i.place
        ORDER BY i.place
    LOOP
        IF asked.names && named OR asked.id = ANY (taken) THEN
            late := late || asked.id;
        ELSE
            taken := taken || asked.id;
            objects := objects || asked.object;
            v_orders := v_orders || asked.orders;
            actors := actors || coalesce((SELECT jsonb_object_agg(r, 'event:' || asked.id)
                FROM unnest(asked.orders) AS r), '{}');
        END IF;
        named := named || array_remove(asked.names, NULL);
    END LOOP;

    INSERT INTO payment_audit (actor, relation, organization_id, order_id, before, after)
    SELECT p_principal, 'webhook_events', w.organization_id, w.order_id,
        jsonb_build_object('event', w.id, 'state', w.state, 'reason', w.reason),
        jsonb_build_object('event', w.id, 'state', 'received')
    FROM webhook_events w WHERE w.id = ANY (taken);
    FOR place IN 1 .. cardinality(taken) LOOP
        PERFORM payment_actor('event:' || taken[place]);
        PERFORM payment_object_observe(p_provider, p_account, objects[place],
            payment_object_refusal(p_provider, p_account, v_owner, objects[place]));
    END LOOP;
    INSERT INTO webhook_event_objects (event, provider, account, kind, object_id)
    SELECT t.event, p_provider, p_account, t.object ->> 'kind', t.object ->> 'id'
    FROM unnest(taken, objects) AS t (event, object)
        ON CONFLICT DO NOTHING;
    PERFORM FROM webhook_events w WHERE w.id = ANY (taken) ORDER BY w.id FOR NO KEY UPDATE;
    UPDATE webhook_events w SET state = 'received', reason = NULL, attempts = w.attempts + 1,
        organization_id = coalesce(w.organization_id, v_owner), agreed = false,
        next_attempt_at = now() + webhook_pause(w.attempts, w.received_at)
    WHERE w.id = ANY (taken);
    PERFORM set_config('payments.actors', actors::text, true);
    PERFORM payment_fold(ARRAY(SELECT r::uuid FROM unnest(v_orders) AS r
        WHERE is_order_reference(r)));
    PERFORM webhook_judge(taken);
    PERFORM webhook_note_sessions(taken, objects);

    RETURN QUERY
    SELECT w.id::text, CASE WHEN w.id = ANY (late) THEN 'later' WHEN w.state = 'received'
            THEN 'waiting' ELSE w.state END,
        CASE WHEN w.id = ANY (taken) THEN w.reason END, o.payment_status,
        CASE WHEN w.state = 'applied' AND o.payment_status = 'paid'
            THEN 'customer:' || o.organization_id || '/' || o.customer_id END,
        pg_current_xact_id()::text,
        CASE row_number() OVER () WHEN 1 THEN announced.tags ELSE '{}' END
    FROM announced_tags('{orders,payments,payment_sessions}') AS announced (tags), webhook_events w
    LEFT JOIN LATERAL (
        SELECT o.* FROM webhook_event_objects l
        JOIN payment_objects b
            ON (b.provider, b.account, b.kind, b.object_id) = (l.provider, l.account, l.kind,
            l.object_id)
        JOIN orders o ON o.id = b.order_id WHERE l.event = w.id ORDER BY o.id LIMIT 1
    ) AS o ON true
    WHERE w.id = ANY (taken || late);
END $$;
