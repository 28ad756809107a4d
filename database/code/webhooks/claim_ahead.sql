-- Takes one event ahead of its time: one that waits because its provider, or this database, was
-- away when it was tried. If it takes effect, that is over, and the others needn't wait either.
-- Otherwise it is postponed as after any attempt, so the next call takes another.
--   p_lease: for how many seconds nobody else gets it. The rest is as in webhook_claim.
CREATE OR REPLACE FUNCTION webhook_claim_ahead(p_lease bigint)
RETURNS TABLE (event text, provider text, account text, event_id text, body bytea, headers text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    UPDATE webhook_events e SET next_attempt_at = now() + p_lease * interval '1 second'
    WHERE e.id IN (SELECT d.id FROM webhook_events d
        -- Events that wait for something else may be many; only the nearest are looked at.
        WHERE d.id = ANY (ARRAY(SELECT n.id FROM webhook_events n WHERE n.state = 'received'
                ORDER BY n.next_attempt_at LIMIT 100))
            AND d.state = 'received' AND d.reason IN ('provider-away', 'not-stored')
            AND d.body IS NOT NULL
        ORDER BY d.next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING e.id::text, e.provider, e.account, e.event_id, e.body, e.headers::text;
END $$;
