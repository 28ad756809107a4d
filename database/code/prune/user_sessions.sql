-- Forgets user sessions whose time is over.
--   p_limit: how many at most, but never more than are announced by name.
--   pruned: how many. xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION prune_user_sessions(p_limit integer)
RETURNS TABLE (pruned bigint, xid text, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM user_sessions s WHERE (s.organization_id, s.id) IN (
        SELECT d.organization_id, d.id FROM user_sessions d WHERE d.expires_at < now()
        ORDER BY d.expires_at LIMIT least(p_limit, announced_rows()::integer)
        FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS pruned = ROW_COUNT;
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{user_sessions}');
    RETURN NEXT;
END $$;
