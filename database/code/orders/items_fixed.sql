-- The reason why an order's items can't be changed any more: something hangs on their sum or has
-- left with them. NULL: they can.
--   p_from: the statuses in which items may be changed.
--   items_status; items_paid (money was paid, is reserved, or is on its way); items_session (a
--     shopper may be paying the old sum, or a held session waits for a decision about it);
--     items_invoiced; items_shipped.
-- The caller has locked the order as all that changes payments does, so the answer holds until its
-- transaction ends.
CREATE OR REPLACE FUNCTION order_items_fixed(p_order orders, p_from text[]) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN p_order.status <> ALL (p_from) THEN 'items_status'
        WHEN p_order.payment_status NOT IN ('unpaid', 'failed', 'none_required')
            -- Money in another currency doesn't pay the order, and is there all the same.
            OR EXISTS (SELECT FROM payments p WHERE p.order_id = p_order.id
                AND p.status <> 'failed')
            OR EXISTS (SELECT FROM payment_objects b WHERE b.order_id = p_order.id
                AND b.kind IN ('payment', 'authorization')
                AND b.state IN ('pending', 'authorized', 'completed')) THEN 'items_paid'
        WHEN EXISTS (SELECT FROM payment_sessions s WHERE s.order_id = p_order.id
            AND s.status <> 'completed'
            AND (s.status <> 'failed' AND greatest(s.expires_at, s.leased_until) > now()
                OR approval_under_way(s.id))) THEN 'items_session'
        WHEN EXISTS (SELECT FROM invoices n WHERE n.order_id = p_order.id) THEN 'items_invoiced'
        WHEN EXISTS (SELECT FROM shipments s WHERE s.order_id = p_order.id) THEN 'items_shipped'
    END;
END $$;
