-- Forgets headers and bodies whose time is over. An event that still has to be applied or looked at
-- keeps its body longer.
--   p_limit: how many at most.
--   p_review_keep: the seconds after which such an event loses its body, too; NULL: never.
--   forgotten: how many.
-- In plpgsql, whose plans know p_limit: a plan for any number of events reads all of them.
CREATE OR REPLACE FUNCTION webhook_sweep(p_limit integer, p_review_keep bigint DEFAULT NULL)
RETURNS TABLE (forgotten bigint) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE webhook_events e SET body = NULL, headers = NULL
    WHERE e.id IN (SELECT d.id FROM webhook_events d WHERE d.body IS NOT NULL
        AND d.body_expires_at <= now()
        AND (d.state IN ('applied', 'ignored') OR d.dismissed_at IS NOT NULL
            OR d.received_at <= now() - p_review_keep * interval '1 second')
        ORDER BY d.body_expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN NEXT;
END $$;
