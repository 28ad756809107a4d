-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. webhook_claim is the function now.
CREATE OR REPLACE FUNCTION webhook_events_claim(p_limit integer, p_lease interval)
RETURNS TABLE (event uuid, provider text, account text, event_id text, kind text, body bytea,
    conflict boolean, attempts integer)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    SELECT c.event::uuid, c.provider, c.account, c.event_id, e.kind, c.body, e.conflict, e.attempts
    FROM webhook_claim(p_limit, extract(epoch FROM p_lease)::bigint) AS c
    JOIN webhook_events e ON e.id = c.event::uuid;
END $$;
