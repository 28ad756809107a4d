-- Notes what a product-service is to be told of orders that change, whichever program changes them:
-- what it holds for a shipped order is deducted, for a cancelled or deleted one released. Each hold
-- changes only while it stands, so nothing is settled twice. And it keeps which orders may end
-- unpaid.
--   stock.expired (a setting of the transaction): 'true' if orders are cancelled for want of money.
CREATE OR REPLACE FUNCTION stock_hold_settle() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    -- As order_note_move says.
    IF current_setting('orders.moved', true) = 'off' THEN
        RETURN NULL;
    END IF;
    UPDATE stock_holds h SET
        state = CASE s.ending WHEN 'deducting' THEN 'deducting'
            -- The service has refused it, so it holds nothing.
            WHEN 'releasing' THEN CASE h.state WHEN 'stock_missing' THEN 'released'
                ELSE 'releasing' END
            ELSE h.state END,
        settled_at = CASE WHEN s.ending = 'releasing' AND h.state = 'stock_missing' THEN now() END,
        may_expire = s.may_expire,
        held_since = CASE WHEN s.may_expire AND NOT h.may_expire THEN now()
            ELSE h.held_since END,
        expired = s.ending = 'releasing'
            AND coalesce(current_setting('stock.expired', true), '') = 'true',
        -- While somebody asks the service about it, that is waited for.
        next_attempt_at = CASE WHEN s.ending IS NULL THEN h.next_attempt_at
            ELSE greatest(h.next_attempt_at, now()) END
    FROM (
        SELECT n.id,
            CASE WHEN n.deleted_at IS NOT NULL OR n.status = 'cancelled' THEN 'releasing'
                WHEN n.status IN ('shipped', 'delivered') THEN 'deducting' END AS ending,
            n.status = 'pending' AND n.payment_status IN ('unpaid', 'failed') AS may_expire
        FROM new_rows n JOIN old_rows o ON o.id = n.id
        WHERE (n.status, n.payment_status, n.deleted_at)
            IS DISTINCT FROM (o.status, o.payment_status, o.deleted_at)
    ) AS s
    WHERE h.order_id = s.id AND h.state IN ('reserved', 'optimistic', 'stock_missing')
        AND (s.ending IS NOT NULL OR h.may_expire <> s.may_expire);
    RETURN NULL;
END $$;
