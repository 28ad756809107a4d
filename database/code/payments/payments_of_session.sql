-- Lets a session that learns its id at the provider find the payments that were told of before.
CREATE OR REPLACE FUNCTION payments_of_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.external_id IS NOT NULL
        AND EXISTS (SELECT FROM payment_objects b WHERE b.order_id IS NULL
        AND b.provider = NEW.gateway
        AND NEW.external_id IN (b.external_order, b.object_id)) THEN
        PERFORM payment_lock_orders(ARRAY[NEW.order_id::text], false);
        PERFORM payment_fold(NEW.order_id);
    END IF;
    RETURN NULL;
END $$;
