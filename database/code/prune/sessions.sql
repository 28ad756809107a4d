-- Forgets payment sessions that are over and that no money can come through any more.
--   p_limit: how many at most, but never more than are announced by name: else all that is cached
--   would be forgotten. p_keep: the seconds that a session is kept after it was begun.
--   pruned: how many. xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION prune_sessions(p_limit integer, p_keep bigint)
RETURNS TABLE (pruned bigint, xid text, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM payment_sessions s WHERE s.id = ANY (ARRAY(SELECT d.id FROM payment_sessions d
        WHERE d.created_at < now() - p_keep * interval '1 second'
            AND session_status(d.status, d.expires_at) IN ('failed', 'completed')
            AND NOT session_may_be_paid(d)
        ORDER BY d.created_at LIMIT least(p_limit, announced_rows()::integer)
        FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS pruned = ROW_COUNT;
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{payment_sessions}');
    RETURN NEXT;
END $$;
