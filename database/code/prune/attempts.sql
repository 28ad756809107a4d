-- Forgets attempts to pay that no longer count. p_limit: how many at most. pruned: how many.
CREATE OR REPLACE FUNCTION prune_attempts(p_limit integer)
RETURNS TABLE (pruned bigint) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM payment_attempts a WHERE (a.key, a.name) IN (
        SELECT d.key, d.name FROM payment_attempts d WHERE d.counts_until <= now()
        ORDER BY d.counts_until LIMIT p_limit FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN NEXT;
END $$;
