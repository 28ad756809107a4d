-- Gives the open events of some orders the state and reason that they come to by now.
--   p_skip: events that another transaction holds are passed over, in place of waiting for them.
CREATE OR REPLACE FUNCTION payment_judge_events(p_orders uuid[], p_skip boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    judged uuid[];
    orders uuid[];
    states text[];
    reasons text[];
BEGIN
    SELECT array_agg(e.id), array_agg(l.order_id), array_agg(v.state), array_agg(v.reason)
        INTO judged, orders, states, reasons
    FROM (
        -- An event of several orders is shown with the first.
        SELECT b.event, min(b.order_id::text)::uuid AS order_id
        FROM (
            SELECT l.event, b.order_id FROM payment_objects b
            JOIN webhook_event_objects l
                ON (l.provider, l.account, l.kind, l.object_id) = (b.provider, b.account, b.kind,
                b.object_id)
            WHERE b.order_id = ANY (p_orders)
            UNION ALL
            SELECT l.event, b.order_reference::uuid FROM payment_objects b
            JOIN webhook_event_objects l
                ON (l.provider, l.account, l.kind, l.object_id) = (b.provider, b.account, b.kind,
                b.object_id)
            WHERE b.order_id IS NULL AND b.order_reference = ANY (p_orders::text[])
        ) AS b GROUP BY b.event
    ) AS l
    -- An event in conflict stays so whatever the fold says, unless the API agrees with it: the
    -- other bodies may agree by now, too.
    JOIN webhook_events e ON e.id = l.event AND e.state IN ('received', 'needs_review')
        AND (e.agreed OR e.reason IS DISTINCT FROM 'transmission-conflict'),
            LATERAL payment_event_verdict(e.id) AS v
    WHERE (v.state, v.reason) IS DISTINCT FROM (e.state, e.reason);
    IF judged IS NULL THEN
        RETURN;
    END IF;
    IF p_skip THEN
        judged := ARRAY(SELECT CASE WHEN h.id IS NOT NULL THEN j.id END
            FROM unnest(judged) WITH ORDINALITY AS j (id, place)
            LEFT JOIN (SELECT e.id FROM webhook_events e WHERE e.id = ANY (judged)
                ORDER BY e.id FOR NO KEY UPDATE SKIP LOCKED) AS h ON h.id = j.id
            ORDER BY j.place);
    ELSIF cardinality(judged) > 1 THEN
        PERFORM FROM webhook_events e WHERE e.id = ANY (judged) ORDER BY e.id FOR NO KEY UPDATE;
    END IF;
    UPDATE webhook_events e SET state = j.state, reason = j.reason, order_id = j.order_id,
        applied_at = CASE WHEN j.state = 'applied' THEN now() END
    FROM unnest(judged, orders, states, reasons) AS j (id, order_id, state, reason)
    WHERE e.id = j.id AND e.state IN ('received', 'needs_review');
END $$;
