-- Reserves the pieces of new lines of orders, and those of lines whose article or quantity has
-- changed, whichever program writes them. Articles that aren't counted are passed over, and so are
-- lines of orders that are shipped, cancelled or deleted already, such as imported ones.
--   stock.inventory (a setting of the transaction): 'own', or empty, reserves; anything else is the
--     app's word that stock isn't kept here.
-- The statement fails with OB002 if there are too few pieces. Its message is for the caller.
CREATE OR REPLACE FUNCTION stock_reserve() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    lines jsonb;
    short record;
BEGIN
    IF coalesce(current_setting('stock.inventory', true), '') NOT IN ('', 'own') THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        -- What was reserved for the line as it was is free again.
        DELETE FROM stock_reservations r USING old_rows o
        WHERE (r.order_id, r.position) = (o.order_id, o.position) AND r.state = 'reserved'
            AND NOT EXISTS (SELECT FROM new_rows n
                WHERE (n.order_id, n.position) = (o.order_id, o.position)
                    AND (n.organization_id, n.sku, n.quantity)
                        = (o.organization_id, o.sku, o.quantity));
    END IF;
    SELECT jsonb_agg(to_jsonb(n)) INTO lines FROM (
        SELECT n.order_id, n.position, n.organization_id, n.sku, n.quantity,
            o.status = 'pending' AND o.payment_status IN ('unpaid', 'failed') AS may_expire
        FROM new_rows n
        JOIN stock_levels l ON (l.organization_id, l.sku) = (n.organization_id, n.sku)
        JOIN orders o ON o.id = n.order_id AND o.deleted_at IS NULL
            AND o.status IN ('pending', 'confirmed', 'processing')
        WHERE NOT EXISTS (SELECT FROM stock_reservations r
            WHERE (r.order_id, r.position) = (n.order_id, n.position))) AS n;
    IF lines IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM FROM stock_levels l
    JOIN jsonb_to_recordset(lines) AS n (organization_id uuid, sku text)
        ON (n.organization_id, n.sku) = (l.organization_id, l.sku)
    ORDER BY l.organization_id, l.sku FOR NO KEY UPDATE OF l;
    -- The first line that goes beyond what is there, in a statement that sees the locked rows.
    SELECT n.position, n.sku, l.on_hand - l.reserved AS available INTO short
    FROM (
        SELECT m.organization_id, m.sku, m.position,
            sum(m.quantity) OVER (PARTITION BY m.organization_id, m.sku
                ORDER BY m.order_id, m.position) AS wanted
        FROM jsonb_to_recordset(lines) AS m (order_id uuid, position integer, organization_id uuid,
            sku text, quantity integer)
    ) AS n
    JOIN stock_levels l ON (l.organization_id, l.sku) = (n.organization_id, n.sku)
    WHERE n.wanted > l.on_hand - l.reserved
    ORDER BY n.position LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'items[%].quantity: % of % can be had', short.position - 1,
            short.available, short.sku USING ERRCODE = 'OB002';
    END IF;
    INSERT INTO stock_reservations (order_id, position, organization_id, sku, quantity, may_expire)
    SELECT n.order_id, n.position, n.organization_id, n.sku, n.quantity, n.may_expire
    FROM jsonb_to_recordset(lines) AS n (order_id uuid, position integer, organization_id uuid,
        sku text, quantity integer, may_expire boolean);
    RETURN NULL;
END $$;
