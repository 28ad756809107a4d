-- Settles the reservations of orders that change, whichever program changes them: those of a
-- shipped order are deducted, those of a cancelled or deleted one are released. Each changes only
-- while it is reserved, so nothing is settled twice. And it keeps which orders may end unpaid.
--   stock.expired (a setting of the transaction): 'true' if orders are cancelled for want of money.
CREATE OR REPLACE FUNCTION stock_settle() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    settled jsonb;
BEGIN
    -- As order_note_move says.
    IF current_setting('orders.moved', true) = 'off' THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_agg(to_jsonb(s)) INTO settled FROM (
        SELECT n.id,
            CASE WHEN n.deleted_at IS NOT NULL OR n.status = 'cancelled' THEN 'released'
                WHEN n.status IN ('shipped', 'delivered') THEN 'deducted'
                ELSE 'reserved' END AS state,
            n.status = 'pending' AND n.payment_status IN ('unpaid', 'failed') AS may_expire
        FROM new_rows n JOIN old_rows o ON o.id = n.id
        WHERE (n.status, n.payment_status, n.deleted_at)
            IS DISTINCT FROM (o.status, o.payment_status, o.deleted_at)
    ) AS s
    WHERE EXISTS (SELECT FROM stock_reservations r
        WHERE r.order_id = s.id AND r.state = 'reserved');
    IF settled IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE stock_reservations r SET state = s.state, may_expire = s.may_expire,
        held_since = CASE WHEN s.may_expire AND NOT r.may_expire THEN now()
            ELSE r.held_since END,
        settled_at = CASE WHEN s.state <> 'reserved' THEN now() END,
        expired = s.state = 'released'
            AND coalesce(current_setting('stock.expired', true), '') = 'true'
    FROM jsonb_to_recordset(settled) AS s (id uuid, state text, may_expire boolean)
    WHERE r.order_id = s.id AND r.state = 'reserved'
        AND (r.state, r.may_expire) <> (s.state, s.may_expire);
    RETURN NULL;
END $$;
