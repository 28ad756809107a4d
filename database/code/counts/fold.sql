-- Folds the differences of an organisation into its counts, unless another transaction is at it:
-- all that the statement's snapshot shows. Nobody is waited for.
CREATE OR REPLACE FUNCTION order_counts_fold(p_organization uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('order_counts/' || p_organization, 0)) THEN
        RETURN;
    END IF;
    -- One statement, so one snapshot: what it shows is folded, what it doesn't show is of a
    -- transaction at or behind its xmin.
    WITH gone AS (
        DELETE FROM order_count_changes c
        WHERE c.organization_id = p_organization
            AND c.xid >= coalesce((SELECT b.xid FROM order_count_bounds b
                WHERE b.organization_id = p_organization), '0')
        RETURNING c.currency, c.status, c.payment_status, c.orders, c.amount
    ), bound AS (
        INSERT INTO order_count_bounds AS b (organization_id, xid)
        VALUES (p_organization, pg_snapshot_xmin(pg_current_snapshot()))
        ON CONFLICT (organization_id) DO UPDATE SET xid = excluded.xid
    )
    INSERT INTO order_counts AS t (organization_id, currency, status, payment_status, orders,
        amount)
    SELECT p_organization, g.currency, g.status, g.payment_status, sum(g.orders), sum(g.amount)
    FROM gone g GROUP BY 1, 2, 3, 4
    ON CONFLICT (organization_id, currency, status, payment_status) DO UPDATE
        SET orders = t.orders + excluded.orders, amount = t.amount + excluded.amount;
END $$;
