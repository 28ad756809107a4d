-- As in 0112; nobody waits for what was put aside either.
CREATE OR REPLACE FUNCTION webhook_bodies_sweep(p_limit integer) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    WITH swept AS (
        UPDATE webhook_events e SET body = NULL, headers = NULL
        WHERE e.id IN (SELECT d.id FROM webhook_events d WHERE d.body IS NOT NULL AND d.body_expires_at <= now()
            AND (d.state IN ('applied', 'ignored') OR d.dismissed_at IS NOT NULL)
            ORDER BY d.body_expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
        RETURNING 1
    )
    SELECT count(*) FROM swept;
END;
