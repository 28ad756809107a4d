-- Notes that another program has changed the pieces of an article that are there. Our own functions
-- note what they do, and why, and say so by the transaction's setting stock.noted.
CREATE OR REPLACE FUNCTION stock_note_movement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF coalesce(current_setting('stock.noted', true), '') <> 'true' THEN
        INSERT INTO stock_movements (organization_id, sku, change, on_hand, reason)
        VALUES (NEW.organization_id, NEW.sku,
            NEW.on_hand - CASE TG_OP WHEN 'UPDATE' THEN OLD.on_hand ELSE 0 END, NEW.on_hand,
            'other');
    END IF;
    RETURN NULL;
END $$;
