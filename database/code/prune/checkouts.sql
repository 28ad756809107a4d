-- Forgets which orders old checkout sessions have become. Their carts are long gone.
--   p_limit: how many at most. p_keep: the seconds that one is kept. pruned: how many.
CREATE OR REPLACE FUNCTION prune_checkouts(p_limit integer, p_keep bigint)
RETURNS TABLE (pruned bigint) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM checkout_orders c
    WHERE (c.organization_id, c.principal, c.checkout_id) IN (
        SELECT d.organization_id, d.principal, d.checkout_id FROM checkout_orders d
        WHERE d.created_at < now() - p_keep * interval '1 second'
        ORDER BY d.created_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN NEXT;
END $$;
