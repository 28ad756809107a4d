-- As in 0112. An event that has waited for as long as bodies are kept is no longer tried: somebody has to look at it. Its reason stays, and
-- it still takes effect when its order or payment appears.
CREATE OR REPLACE FUNCTION webhook_events_claim(p_limit integer, p_lease interval)
RETURNS TABLE (event uuid, provider text, account text, event_id text, kind text, body bytea, conflict boolean, attempts integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    UPDATE webhook_events e SET state = 'needs_review', reason = coalesce(e.reason, 'never-applied')
    WHERE e.id IN (SELECT d.id FROM webhook_events d WHERE d.state = 'received' AND d.next_attempt_at <= now() AND d.body_expires_at <= now()
        ORDER BY d.next_attempt_at LIMIT 1000 FOR UPDATE SKIP LOCKED);
    RETURN QUERY
    UPDATE webhook_events e SET next_attempt_at = now() + p_lease
    WHERE e.id IN (SELECT d.id FROM webhook_events d WHERE d.state = 'received' AND d.next_attempt_at <= now()
        ORDER BY d.next_attempt_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
    RETURNING e.id, e.provider, e.account, e.event_id, e.kind, e.body, e.conflict, e.attempts;
END $$;
