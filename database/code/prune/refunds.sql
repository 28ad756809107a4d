-- Forgets requests for refunds that were sent or have failed. The refund itself is an object of the
-- order. A request that waits or is in review stays.
--   p_limit: how many at most. p_keep: the seconds that one is kept. pruned: how many.
CREATE OR REPLACE FUNCTION prune_refunds(p_limit integer, p_keep bigint)
RETURNS TABLE (pruned bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM payment_actor('retention');
    DELETE FROM refund_requests r WHERE r.id = ANY (ARRAY(SELECT d.id FROM refund_requests d
        WHERE d.state IN ('sent', 'failed')
            AND d.created_at < now() - p_keep * interval '1 second'
        ORDER BY d.created_at LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN NEXT;
END $$;
