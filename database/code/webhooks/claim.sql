-- Takes events that are due to be tried again, the earliest first. An event that has waited for as
-- long as bodies are kept is no longer tried: it goes to review with its reason, and still takes
-- effect when its order or payment appears.
--   p_limit: how many at most. p_lease: for how many seconds nobody else gets them.
--   event: its id here. event_id: the provider's. body: NULL if it was forgotten. headers: JSON of
--   the signature's headers.
CREATE OR REPLACE FUNCTION webhook_claim(p_limit integer, p_lease bigint)
RETURNS TABLE (event text, provider text, account text, event_id text, body bytea,
    headers text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    UPDATE webhook_events e SET state = 'needs_review', reason = coalesce(e.reason, 'never-applied')
    WHERE e.id IN (SELECT d.id FROM webhook_events d WHERE d.state = 'received'
        AND d.next_attempt_at <= now() AND d.body_expires_at <= now()
        ORDER BY d.body_expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED);
    RETURN QUERY
    UPDATE webhook_events e SET next_attempt_at = now() + p_lease * interval '1 second'
    WHERE e.id IN (SELECT d.id FROM webhook_events d WHERE d.state = 'received'
        AND d.next_attempt_at <= now()
        ORDER BY d.next_attempt_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
    RETURNING e.id::text, e.provider, e.account, e.event_id, e.body,
        e.headers::text;
END $$;
