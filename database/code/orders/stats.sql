-- Statistics of one organisation's orders, or of all. Always one row.
--   p_organization: NULL for all.
--   body: the JSON to send. version, customer: NULL.
-- Deleted orders count nowhere. totalRevenue is the sum of the totals of all orders but cancelled
-- ones, and revenueOrders their number. averageOrderValue is the one by the other, rounded to the
-- currency's smallest unit ("0.00" if there are none). An order that isn't paid yet counts:
-- payments say what was paid.
-- Postgres puts this body into the calling statement and plans with the values: see order_list.
CREATE OR REPLACE FUNCTION order_stats(p_organization uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH groups AS MATERIALIZED (
        SELECT k.currency, k.status, k.payment_status, sum(k.orders) AS n, sum(k.amount) AS total
        FROM order_count_rows(p_organization) AS k
        GROUP BY k.currency, k.status, k.payment_status
        -- A group that has had orders has none any more.
        HAVING sum(k.orders) <> 0
    )
    SELECT row_to_json(stats)::text AS body, NULL::bigint AS version, NULL::text AS customer
    FROM (SELECT
        p_organization AS "organizationId",
        (SELECT coalesce(sum(g.n), 0) FROM groups g) AS "totalOrders",
        (SELECT row_to_json(s) FROM (SELECT
            coalesce(sum(g.n) FILTER (WHERE g.status = 'pending'), 0) AS pending,
            coalesce(sum(g.n) FILTER (WHERE g.status = 'confirmed'), 0) AS confirmed,
            coalesce(sum(g.n) FILTER (WHERE g.status = 'processing'), 0) AS processing,
            coalesce(sum(g.n) FILTER (WHERE g.status = 'shipped'), 0) AS shipped,
            coalesce(sum(g.n) FILTER (WHERE g.status = 'delivered'), 0) AS delivered,
            coalesce(sum(g.n) FILTER (WHERE g.status = 'cancelled'), 0) AS cancelled
        FROM groups g) AS s) AS "ordersByStatus",
        (SELECT row_to_json(p) FROM (SELECT
            coalesce(sum(g.n) FILTER (WHERE g.payment_status = 'unpaid'), 0) AS unpaid,
            coalesce(sum(g.n) FILTER (WHERE g.payment_status = 'none_required'),
                0) AS none_required,
            coalesce(sum(g.n) FILTER (WHERE g.payment_status = 'pending'), 0) AS pending,
            coalesce(sum(g.n) FILTER (WHERE g.payment_status = 'authorized'), 0) AS authorized,
            coalesce(sum(g.n) FILTER (WHERE g.payment_status = 'paid'), 0) AS paid,
            coalesce(sum(g.n) FILTER (WHERE g.payment_status = 'partially_paid'),
                0) AS partially_paid,
            coalesce(sum(g.n) FILTER (WHERE g.payment_status = 'partially_refunded'),
                0) AS partially_refunded,
            coalesce(sum(g.n) FILTER (WHERE g.payment_status = 'refunded'), 0) AS refunded,
            coalesce(sum(g.n) FILTER (WHERE g.payment_status = 'reversed'), 0) AS reversed,
            coalesce(sum(g.n) FILTER (WHERE g.payment_status = 'disputed'), 0) AS disputed,
            coalesce(sum(g.n) FILTER (WHERE g.payment_status = 'failed'), 0) AS failed
        FROM groups g) AS p) AS "ordersByPaymentStatus",
        array_to_json(ARRAY(
            SELECT row_to_json(c) FROM (
                SELECT t.currency,
                    t.orders AS "totalOrders",
                    t.revenue_orders AS "revenueOrders",
                    money_text(t.revenue, t.currency) AS "totalRevenue",
                    money_text(coalesce(t.revenue / nullif(t.revenue_orders, 0), 0),
                        t.currency) AS "averageOrderValue"
                FROM (
                    SELECT g.currency, sum(g.n) AS orders,
                        coalesce(sum(g.n) FILTER (WHERE g.status <> 'cancelled'),
                            0) AS revenue_orders,
                        coalesce(sum(g.total) FILTER (WHERE g.status <> 'cancelled'), 0) AS revenue
                    FROM groups g GROUP BY g.currency
                ) AS t
                ORDER BY t.currency
            ) AS c
        )) AS currencies
    ) AS stats;
END;
