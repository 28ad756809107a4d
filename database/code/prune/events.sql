-- Forgets events that have taken effect, were ignored or were dismissed, with their transmissions
-- and their links to objects. What they told stays in the objects. An event that waits or is in
-- review stays until somebody has seen to it.
--   p_limit: how many at most. p_keep: the seconds that an event is kept after it was received.
--   pruned: how many.
CREATE OR REPLACE FUNCTION prune_events(p_limit integer, p_keep bigint)
RETURNS TABLE (pruned bigint) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM webhook_events e WHERE e.id = ANY (ARRAY(SELECT d.id FROM webhook_events d
        WHERE CASE WHEN d.dismissed_at IS NULL THEN d.state ELSE 'dismissed' END
                IN ('applied', 'ignored', 'dismissed')
            AND d.received_at < now() - p_keep * interval '1 second'
        ORDER BY d.received_at LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS pruned = ROW_COUNT;
    -- A flood is counted by the hour.
    DELETE FROM webhook_transmission_floods f
    WHERE (f.provider, f.account, f.transmission_id) IN (
        SELECT d.provider, d.account, d.transmission_id FROM webhook_transmission_floods d
        WHERE d.since < now() - interval '1 day' ORDER BY d.since LIMIT p_limit
        FOR UPDATE SKIP LOCKED);
    RETURN NEXT;
END $$;
