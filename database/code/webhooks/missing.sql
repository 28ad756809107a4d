-- The ids of a provider's list of events that never arrived, sorted.
CREATE OR REPLACE FUNCTION webhook_missing(p_provider text, p_account text, p_event_ids text[])
RETURNS TABLE (event_id text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT DISTINCT u FROM unnest(p_event_ids) AS u
    WHERE NOT EXISTS (SELECT FROM webhook_events e WHERE e.provider = p_provider
        AND e.account = p_account AND e.event_id = u)
    ORDER BY u;
END;
