-- Notes events that have been judged at the shoppers' sessions: event id, type, status and amount,
-- never the body. It is the newest session of the order that counts.
--   p_objects: the object of each event that is noted.
-- In plpgsql, since a session keeps its plans: every event runs this.
CREATE OR REPLACE FUNCTION webhook_note_sessions(p_events uuid[], p_objects jsonb[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    sessions uuid[];
    notes jsonb[];
BEGIN
    SELECT array_agg(s.id), array_agg(jsonb_strip_nulls(jsonb_build_object('eventId', e.event_id,
        'type', e.kind, 'status', t.object ->> 'state', 'amount', t.object ->> 'amount',
        'currency', t.object ->> 'currency')))
        INTO sessions, notes
    FROM unnest(p_events, p_objects) AS t (event, object)
    JOIN webhook_events e ON e.id = t.event AND e.state IN ('applied', 'needs_review')
    JOIN LATERAL (
        SELECT b.order_id FROM webhook_event_objects l
        JOIN payment_objects b
            ON (b.provider, b.account, b.kind, b.object_id) = (l.provider, l.account, l.kind,
            l.object_id)
        WHERE l.event = e.id AND b.order_id IS NOT NULL ORDER BY b.order_id LIMIT 1
    ) AS o ON true
    JOIN LATERAL (
        SELECT s.id FROM payment_sessions s WHERE s.order_id = o.order_id
            ORDER BY s.updated_at DESC, s.id LIMIT 1
    ) AS s ON true;
    IF sessions IS NOT NULL THEN
        UPDATE payment_sessions s SET updated_at = now(), webhook_data = n.note
        FROM unnest(sessions, notes) AS n (session, note) WHERE s.id = n.session;
    END IF;
END $$;
