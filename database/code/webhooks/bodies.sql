-- The bodies of these events, of those that still have one.
--   p_events: the events' ids here.
CREATE OR REPLACE FUNCTION webhook_bodies(p_events text[])
RETURNS TABLE (event text, account text, body bytea) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT w.id::text, w.account, w.body FROM webhook_events w
    WHERE w.id = ANY (p_events::uuid[]) AND w.body IS NOT NULL;
END;
