-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. webhook_replay is the function now.
CREATE OR REPLACE FUNCTION webhook_event_again(
    p_organization uuid, p_event uuid, p_principal text, p_lease interval)
RETURNS TABLE (outcome text, event uuid, provider text, account text, event_id text, kind text,
    body bytea, conflict boolean)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    SELECT r.outcome, r.event::uuid, r.provider, r.account, r.event_id, e.kind, r.body, e.conflict
    FROM webhook_replay(p_organization, p_event, p_principal,
        extract(epoch FROM p_lease)::bigint) AS r
    LEFT JOIN webhook_events e ON e.id = r.event::uuid;
END $$;
