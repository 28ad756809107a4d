-- Gives the open events of an order the state and reason that they come to by now.
--   p_order: the order. p_skip: events that another transaction holds are passed over, in place of
--     waiting for them.
CREATE OR REPLACE FUNCTION payment_judge_events(p_order uuid, p_skip boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    judged record;
BEGIN
    FOR judged IN
        SELECT e.id, v.state, v.reason
        FROM (
            SELECT l.event FROM payment_objects b
            JOIN webhook_event_objects l
                ON (l.provider, l.account, l.kind, l.object_id) = (b.provider, b.account, b.kind,
                b.object_id)
            WHERE b.order_id = p_order
            UNION
            SELECT l.event FROM payment_objects b
            JOIN webhook_event_objects l
                ON (l.provider, l.account, l.kind, l.object_id) = (b.provider, b.account, b.kind,
                b.object_id)
            WHERE b.order_id IS NULL AND b.order_reference = p_order::text
        ) AS l
        -- An event in conflict stays so whatever the fold says, unless the API agrees with it: the
        -- other bodies may agree by now, too.
        JOIN webhook_events e ON e.id = l.event AND e.state IN ('received', 'needs_review')
            AND (e.agreed OR e.reason IS DISTINCT FROM 'transmission-conflict'),
                LATERAL payment_event_verdict(e.id) AS v
        WHERE (v.state, v.reason) IS DISTINCT FROM (e.state, e.reason)
        ORDER BY e.id
    LOOP
        IF p_skip THEN
            PERFORM FROM webhook_events e WHERE e.id = judged.id FOR NO KEY UPDATE SKIP LOCKED;
            CONTINUE WHEN NOT FOUND;
        END IF;
        UPDATE webhook_events e SET state = judged.state, reason = judged.reason,
            order_id = p_order,
            applied_at = CASE WHEN judged.state = 'applied' THEN now() END
        WHERE e.id = judged.id AND e.state IN ('received', 'needs_review');
    END LOOP;
END $$;
