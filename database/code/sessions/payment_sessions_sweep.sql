-- As in 0130, with the tags of what was swept.
CREATE OR REPLACE FUNCTION payment_sessions_sweep(p_limit integer) RETURNS TABLE (swept bigint, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_sessions s SET status = 'failed', reason = 'expired', updated_at = now()
    WHERE s.id IN (SELECT d.id FROM payment_sessions d
        WHERE d.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
            AND d.expires_at <= now() ORDER BY d.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS swept = ROW_COUNT;
    tags := announced_tags();
    RETURN NEXT;
END $$;
