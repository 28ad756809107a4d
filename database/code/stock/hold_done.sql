-- Notes what a product-service has said about a hold that was claimed. Only the holder of the lease
-- may tell, and only while the hold still is what was claimed: if its order has ended meanwhile,
-- the service is told of that next.
--   p_state: as it was claimed. p_reservation: the service's name for it, if it holds it now.
--   p_refused: the service holds nothing. p_retry_ms: it gave no answer; try again after so long;
--     NULL if it gave one. p_rests: as provider_rest takes it.
--   state: as the hold is now; NULL: the lease was lost.
--   xid, tags: the transaction and what it announced, since an order shows what its hold lacks.
CREATE OR REPLACE FUNCTION stock_hold_done(p_id uuid, p_lease uuid, p_state text,
    p_reservation text, p_refused boolean, p_retry_ms bigint, p_rests jsonb DEFAULT NULL)
RETURNS TABLE (state text, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_order uuid;
BEGIN
    PERFORM provider_rest(p_rests);
    PERFORM payment_actor('stock-holds');
    -- Every change of an order takes its lock before that of its hold.
    PERFORM FROM orders o
    WHERE o.id = (SELECT h.order_id FROM stock_holds h WHERE h.id = p_id) FOR NO KEY UPDATE;
    UPDATE stock_holds h SET lease = NULL,
        next_attempt_at = now() + CASE WHEN h.state = p_state
            THEN coalesce(p_retry_ms, 0) * interval '1 millisecond' ELSE '0' END,
        state = CASE WHEN h.state <> p_state OR p_retry_ms IS NOT NULL THEN h.state
            WHEN p_state = 'releasing' THEN 'released'
            WHEN p_state = 'deducting' THEN 'deducted'
            WHEN p_refused THEN 'stock_missing' ELSE 'reserved' END,
        reservation = CASE WHEN h.state = p_state AND p_state = 'optimistic'
            THEN coalesce(p_reservation, h.reservation) ELSE h.reservation END,
        settled_at = CASE WHEN h.state = p_state AND p_retry_ms IS NULL
            AND p_state <> 'optimistic' THEN now() END
    WHERE h.id = p_id AND h.lease = p_lease
    RETURNING h.state, h.order_id INTO state, v_order;
    IF v_order IS NULL THEN
        -- Nothing hangs on it any more.
        DELETE FROM stock_holds h WHERE h.id = p_id AND h.state IN ('released', 'deducted');
    END IF;
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{orders}');
    RETURN NEXT;
END $$;
