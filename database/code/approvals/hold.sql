-- Keeps other sessions of an order out while a provider is asked to capture what this one has
-- opened. The caller has locked the order.
--   p_lease: for how many seconds.
CREATE OR REPLACE FUNCTION approval_hold(p_session uuid, p_lease bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO captures_under_way AS c (session_id, until)
    VALUES (p_session, now() + p_lease * interval '1 second')
    ON CONFLICT (session_id) DO UPDATE SET until = greatest(c.until, excluded.until);
    -- Each clears a few that are over, so the table needs no job to stay small.
    DELETE FROM captures_under_way d WHERE d.ctid = ANY (ARRAY(
        SELECT e.ctid FROM captures_under_way e WHERE e.until <= now() ORDER BY e.until
            LIMIT 10 FOR UPDATE SKIP LOCKED));
END $$;
