-- Drops the reservations of lines of orders that are gone: what they held is free again.
CREATE OR REPLACE FUNCTION stock_drop() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE stock_reservations;
    ELSE
        DELETE FROM stock_reservations r USING old_rows o
        WHERE (r.order_id, r.position) = (o.order_id, o.position);
    END IF;
    RETURN NULL;
END $$;
