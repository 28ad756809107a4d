-- Lets a session that learns its id at the provider find the payments that were told of before.
CREATE OR REPLACE FUNCTION payments_of_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM payment_objects b WHERE b.order_id IS NULL
            AND b.provider = NEW.gateway AND b.external_order = NEW.external_id)
        OR EXISTS (SELECT FROM payment_objects b WHERE b.order_id IS NULL AND b.kind = 'payment'
            AND b.provider = NEW.gateway AND b.object_id = NEW.external_id) THEN
        PERFORM payment_lock_orders(ARRAY[NEW.order_id::text], false);
        PERFORM payment_fold(ARRAY[NEW.order_id]);
    END IF;
    RETURN NULL;
END $$;
