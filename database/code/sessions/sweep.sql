-- Marks sessions whose time is over. Nothing depends on it: expiry counts without it.
--   p_limit: how many at most, but never more than are announced by name: else all that is cached
--   would be forgotten.
--   swept: how many. xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION session_sweep(p_limit integer)
RETURNS TABLE (swept bigint, xid text, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_sessions s SET status = 'failed', reason = 'expired', updated_at = now()
    WHERE s.id IN (SELECT d.id FROM payment_sessions d
        WHERE d.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
            AND d.expires_at <= now() ORDER BY d.expires_at
        LIMIT least(p_limit, announced_rows()::integer) FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS swept = ROW_COUNT;
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{payment_sessions}');
    RETURN NEXT;
END $$;
