-- Cancels orders that hold stock and that nobody has paid in time: one bounded step. Each is judged
-- under the lock that its payments take. One with an open session, or with a payment on its way, is
-- left alone.
--   p_hold_seconds: how long an order may hold stock. p_limit: orders to look at, but never more
--     than are announced by name.
--   expired: how many were cancelled. looked: how many were looked at; fewer than p_limit: no other
--     waits.
--   xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION stock_expire(p_hold_seconds bigint, p_limit integer)
RETURNS TABLE (expired bigint, looked bigint, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_orders uuid[];
BEGIN
    SELECT coalesce(array_agg(d.order_id), '{}') INTO v_orders FROM (
        SELECT DISTINCT r.order_id FROM (
            SELECT l.order_id FROM stock_reservations l
            WHERE l.state = 'reserved' AND l.may_expire
                AND l.held_since <= now() - p_hold_seconds * interval '1 second'
            UNION ALL
            SELECT h.order_id FROM stock_holds h
            WHERE h.state IN ('reserved', 'optimistic', 'stock_missing') AND h.may_expire
                AND h.held_since <= now() - p_hold_seconds * interval '1 second'
        ) AS r
        WHERE NOT EXISTS (SELECT FROM payment_sessions s WHERE s.order_id = r.order_id
                AND session_is_open(s))
        LIMIT least(p_limit, announced_rows()::integer)
    ) AS d;
    looked := cardinality(v_orders);
    PERFORM payment_lock_orders(v_orders::text[], false);
    PERFORM FROM orders o WHERE o.id = ANY (v_orders) ORDER BY o.id FOR NO KEY UPDATE;
    PERFORM set_config('stock.expired', 'true', true);
    -- What is decided on is read anew: the locks were waited for.
    UPDATE orders o SET status = 'cancelled'
    WHERE o.id = ANY (v_orders) AND o.status = 'pending' AND o.deleted_at IS NULL
        AND o.payment_status IN ('unpaid', 'failed')
        AND NOT EXISTS (SELECT FROM payment_sessions s WHERE s.order_id = o.id
            AND session_is_open(s));
    GET DIAGNOSTICS expired = ROW_COUNT;
    PERFORM set_config('stock.expired', '', true);
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{orders,stock_levels}');
    RETURN NEXT;
END $$;
