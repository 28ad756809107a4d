-- Adds to order_audit what becomes of an order's hold at a product-service, from when it has it
-- until it is settled or has another one.
-- SECURITY DEFINER: a writer of orders needs no right on the audit.
CREATE OR REPLACE FUNCTION stock_hold_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO order_audit (actor, relation, organization_id, order_id, before, after)
    SELECT coalesce(nullif(current_setting('payments.actor', true), ''), 'user:' || session_user),
        TG_TABLE_NAME, OLD.organization_id, coalesce(OLD.order_id, NEW.order_id),
        CASE WHEN OLD.order_id IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object('id', OLD.id,
            'state', OLD.state, 'reservation', OLD.reservation, 'items', OLD.items,
            'expired', nullif(OLD.expired, false))) END,
        CASE WHEN NEW.order_id IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object('id', NEW.id,
            'state', NEW.state, 'reservation', NEW.reservation, 'items', NEW.items,
            'expired', nullif(NEW.expired, false))) END;
    RETURN NULL;
END $$;
