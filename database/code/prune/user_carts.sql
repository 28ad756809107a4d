-- Forgets the last good carts of a user-service's users whose time is over.
--   p_limit: how many at most. pruned: how many.
CREATE OR REPLACE FUNCTION prune_user_carts(p_limit integer)
RETURNS TABLE (pruned bigint) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM user_carts c WHERE (c.organization_id, c.user_id) IN (
        SELECT d.organization_id, d.user_id FROM user_carts d WHERE d.expires_at < now()
        ORDER BY d.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN NEXT;
END $$;
