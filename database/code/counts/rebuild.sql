-- Counts all orders one by one, mends the counts where they differ, and has them relied on from now
-- on. One statement, so orders that are being written meanwhile are in neither of both. Nobody is
-- waited for.
--   drift: by how many orders the counts differed, over all groups.
--   amounts: whether sums differed.
--   kept: whether the counts can be relied on now; false while a trigger that keeps them is off.
CREATE OR REPLACE FUNCTION order_counts_rebuild()
RETURNS TABLE (drift bigint, amounts boolean, kept boolean) LANGUAGE sql
BEGIN ATOMIC
    WITH mended AS (
        INSERT INTO order_count_changes (organization_id, currency, status, payment_status, orders,
            amount)
        SELECT r.organization_id, r.currency, r.status, r.payment_status, sum(r.orders),
            sum(r.amount)
        FROM (
            SELECT o.organization_id, o.currency::text, o.status, o.payment_status,
                count(*) AS orders, sum(o.total_amount) AS amount
            FROM orders o WHERE o.deleted_at IS NULL GROUP BY 1, 2, 3, 4
            UNION ALL
            SELECT t.organization_id, t.currency, t.status, t.payment_status, -t.orders, -t.amount
            FROM order_counts t
            UNION ALL
            SELECT c.organization_id, c.currency, c.status, c.payment_status, -c.orders, -c.amount
            FROM order_count_changes c
        ) AS r
        GROUP BY 1, 2, 3, 4 HAVING sum(r.orders) <> 0 OR sum(r.amount) <> 0
        RETURNING orders, amount
    ), built AS (
        INSERT INTO order_counts_built AS b (sign) VALUES (order_counts_sign())
        ON CONFLICT (singleton) DO UPDATE SET sign = excluded.sign, built_at = now()
        RETURNING b.sign
    )
    SELECT coalesce(sum(abs(m.orders)), 0)::bigint, coalesce(bool_or(m.amount <> 0), false),
        (SELECT b.sign IS NOT NULL FROM built b)
    FROM mended m;
END;
