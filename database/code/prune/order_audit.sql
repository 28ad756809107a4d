-- Forgets old rows of order_audit, the oldest first.
--   p_limit: how many at most. p_keep: the seconds that a row is kept, a year at least.
--   pruned: how many.
-- SECURITY DEFINER: the application has no right to delete what was audited.
CREATE OR REPLACE FUNCTION prune_order_audit(p_limit integer, p_keep bigint)
RETURNS TABLE (pruned bigint) LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM set_config('payments.prune', 'on', true);
    -- Rows are numbered as they come, so the oldest are the first: no index by time is needed.
    DELETE FROM order_audit a WHERE a.id IN (
        SELECT f.id FROM (SELECT d.id, d.at FROM order_audit d ORDER BY d.id LIMIT p_limit) AS f
        WHERE f.at < now() - greatest(p_keep * interval '1 second', interval '1 year'));
    GET DIAGNOSTICS pruned = ROW_COUNT;
    PERFORM set_config('payments.prune', 'off', true);
    RETURN NEXT;
END $$;
