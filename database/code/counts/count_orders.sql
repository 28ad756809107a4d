-- Counts orders: every statement that changes some adds rows of differences, and every 64th
-- transaction folds those of an organisation. A change that counts nowhere, such as another note,
-- adds none.
-- SECURITY DEFINER: a writer needs no right on the counts.
CREATE OR REPLACE FUNCTION count_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    changed uuid;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        -- Not TRUNCATE: readers with an older snapshot still see the orders.
        DELETE FROM order_counts;
        DELETE FROM order_count_changes;
        RETURN NULL;
    END IF;
    -- As order_note_move says.
    IF TG_OP = 'UPDATE' AND current_setting('orders.moved', true) = 'off' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        WITH added AS (
            INSERT INTO order_count_changes (organization_id, currency, status, payment_status,
                orders, amount)
            SELECT n.organization_id, n.currency, n.status, n.payment_status, count(*),
                sum(n.total_amount)
            FROM new_rows n WHERE n.deleted_at IS NULL GROUP BY 1, 2, 3, 4
            RETURNING organization_id
        ) SELECT a.organization_id INTO changed FROM added a LIMIT 1;
    ELSIF TG_OP = 'DELETE' THEN
        WITH added AS (
            INSERT INTO order_count_changes (organization_id, currency, status, payment_status,
                orders, amount)
            SELECT o.organization_id, o.currency, o.status, o.payment_status, -count(*),
                -sum(o.total_amount)
            FROM old_rows o WHERE o.deleted_at IS NULL GROUP BY 1, 2, 3, 4
            RETURNING organization_id
        ) SELECT a.organization_id INTO changed FROM added a LIMIT 1;
    ELSE
        WITH added AS (
            INSERT INTO order_count_changes (organization_id, currency, status, payment_status,
                orders, amount)
            SELECT b.organization_id, b.currency, b.status, b.payment_status, sum(b.orders),
                sum(b.amount)
            FROM (
                SELECT n.organization_id, n.currency, n.status, n.payment_status, 1 AS orders,
                    n.total_amount AS amount
                FROM new_rows n WHERE n.deleted_at IS NULL
                UNION ALL
                SELECT o.organization_id, o.currency, o.status, o.payment_status, -1,
                    -o.total_amount
                FROM old_rows o WHERE o.deleted_at IS NULL
            ) AS b
            GROUP BY 1, 2, 3, 4 HAVING sum(b.orders) <> 0 OR sum(b.amount) <> 0
            RETURNING organization_id
        ) SELECT a.organization_id INTO changed FROM added a LIMIT 1;
    END IF;
    IF changed IS NOT NULL AND pg_current_xact_id()::text::bigint % 64 = 0 THEN
        PERFORM order_counts_fold(changed);
    END IF;
    RETURN NULL;
END $$;
