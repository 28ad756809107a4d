-- Forgets the oldest refused attempts of a window beyond twice its quota: they decide nothing any
-- more. An admitted one stays, since it may come again.
CREATE OR REPLACE FUNCTION attempt_trim(p_key text, p_quota bigint) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM payment_attempts a
    WHERE a.key = p_key AND a.name IN (
        SELECT r.name FROM payment_attempts r WHERE r.key = p_key AND r.refused
        ORDER BY r.attempted_at LIMIT greatest(0, (
            SELECT count(*) FROM payment_attempts c WHERE c.key = p_key) - 2 * p_quota));
END;
