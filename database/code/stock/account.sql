-- Keeps the sums of stock_levels equal to the reservations, whichever program changes those.
-- Levels are locked last in every transaction, and in the order of their keys, so that two of these
-- can't wait for each other. A level that would have less than is reserved fails the statement.
CREATE OR REPLACE FUNCTION stock_account() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    changed jsonb;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE stock_levels SET reserved = 0 WHERE reserved <> 0;
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        SELECT jsonb_agg(to_jsonb(n)) INTO changed FROM (
            SELECT r.organization_id, r.sku, sum(r.quantity) AS reserved, 0 AS on_hand
            FROM new_rows r WHERE r.state = 'reserved' GROUP BY 1, 2) AS n;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT jsonb_agg(to_jsonb(n)) INTO changed FROM (
            SELECT r.organization_id, r.sku, -sum(r.quantity) AS reserved, 0 AS on_hand
            FROM old_rows r WHERE r.state = 'reserved' GROUP BY 1, 2) AS n;
    ELSE
        SELECT jsonb_agg(to_jsonb(n)) INTO changed FROM (
            SELECT r.organization_id, r.sku, sum(r.reserved) AS reserved, sum(r.on_hand) AS on_hand
            FROM (
                SELECT o.organization_id, o.sku,
                    CASE o.state WHEN 'reserved' THEN -o.quantity ELSE 0 END AS reserved,
                    CASE o.state WHEN 'deducted' THEN o.quantity ELSE 0 END AS on_hand
                FROM old_rows o
                UNION ALL
                SELECT n.organization_id, n.sku,
                    CASE n.state WHEN 'reserved' THEN n.quantity ELSE 0 END,
                    CASE n.state WHEN 'deducted' THEN -n.quantity ELSE 0 END
                FROM new_rows n
            ) AS r GROUP BY 1, 2) AS n
        WHERE n.reserved <> 0 OR n.on_hand <> 0;
    END IF;
    IF changed IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM FROM stock_levels l
    JOIN jsonb_to_recordset(changed) AS c (organization_id uuid, sku text)
        ON (c.organization_id, c.sku) = (l.organization_id, l.sku)
    ORDER BY l.organization_id, l.sku FOR NO KEY UPDATE OF l;
    PERFORM set_config('stock.noted', 'true', true);
    UPDATE stock_levels l SET reserved = l.reserved + c.reserved, on_hand = l.on_hand + c.on_hand,
        updated_at = now()
    FROM jsonb_to_recordset(changed) AS c (organization_id uuid, sku text, reserved bigint,
        on_hand bigint)
    WHERE (c.organization_id, c.sku) = (l.organization_id, l.sku);
    PERFORM set_config('stock.noted', '', true);
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO stock_movements (organization_id, sku, change, on_hand, reason, order_id)
        SELECT d.organization_id, d.sku, d.change, l.on_hand - d.later, 'shipment', d.order_id
        FROM (
            SELECT m.*, coalesce(sum(m.change) OVER (PARTITION BY m.organization_id, m.sku
                ORDER BY m.order_id, m.position
                ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), 0) AS later
            FROM (
                SELECT n.organization_id, n.sku, n.order_id, n.position,
                    CASE o.state WHEN 'deducted' THEN o.quantity ELSE 0 END
                        - CASE n.state WHEN 'deducted' THEN n.quantity ELSE 0 END AS change
                FROM new_rows n
                JOIN old_rows o ON (o.order_id, o.position) = (n.order_id, n.position)
            ) AS m WHERE m.change <> 0
        ) AS d
        JOIN stock_levels l ON (l.organization_id, l.sku) = (d.organization_id, d.sku)
        ORDER BY d.organization_id, d.sku, d.order_id, d.position;
    END IF;
    RETURN NULL;
END $$;
