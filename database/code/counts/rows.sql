-- The rows whose sums are the numbers of orders: the counts and the differences that aren't folded
-- yet, or, while the counts can't be relied on, the orders themselves. A sum of zero means that
-- there is no such order.
--   p_organization: NULL for all.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION order_count_rows(p_organization uuid)
RETURNS TABLE (currency text, status text, payment_status text, orders bigint, amount numeric)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH whether AS MATERIALIZED (SELECT order_counts_kept() AS kept)
    SELECT t.currency, t.status, t.payment_status, t.orders, t.amount FROM order_counts t
    WHERE (SELECT w.kept FROM whether w)
        AND (p_organization IS NULL OR t.organization_id = p_organization)
    UNION ALL
    SELECT c.currency, c.status, c.payment_status, c.orders, c.amount FROM order_count_changes c
    WHERE (SELECT w.kept FROM whether w)
        AND (p_organization IS NULL OR c.organization_id = p_organization
            AND c.xid >= coalesce((SELECT b.xid FROM order_count_bounds b
                WHERE b.organization_id = p_organization), '0'))
    UNION ALL
    SELECT o.currency, o.status, o.payment_status, 1, o.total_amount FROM orders o
    WHERE NOT (SELECT w.kept FROM whether w) AND o.deleted_at IS NULL
        AND (p_organization IS NULL OR o.organization_id = p_organization);
END;
