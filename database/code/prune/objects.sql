-- Forgets objects at providers that have found no order, once no event speaks of them any more. An
-- object of an order is kept as long as the order.
--   p_limit: how many at most. p_keep: the seconds that an object is kept after its last change.
--   pruned: how many.
CREATE OR REPLACE FUNCTION prune_objects(p_limit integer, p_keep bigint)
RETURNS TABLE (pruned bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM payment_actor('retention');
    DELETE FROM payment_objects o WHERE (o.provider, o.account, o.kind, o.object_id) IN (
        SELECT d.provider, d.account, d.kind, d.object_id FROM payment_objects d
        WHERE d.order_id IS NULL AND d.updated_at < now() - p_keep * interval '1 second'
            AND NOT EXISTS (SELECT FROM webhook_event_objects l
                WHERE (l.provider, l.account, l.kind, l.object_id)
                    = (d.provider, d.account, d.kind, d.object_id))
        ORDER BY d.updated_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN NEXT;
END $$;
