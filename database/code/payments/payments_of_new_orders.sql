-- Lets new orders find the payments that were told of before them.
CREATE OR REPLACE FUNCTION payments_of_new_orders() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    awaited uuid[];
BEGIN
    PERFORM payment_lock_orders((SELECT array_agg(n.id::text) FROM new_rows n), true);
    awaited := ARRAY(SELECT n.id FROM new_rows n
        WHERE EXISTS (SELECT FROM payment_objects b WHERE b.order_id IS NULL
            AND b.order_reference = n.id::text));
    IF cardinality(awaited) > 0 THEN
        PERFORM payment_fold(awaited);
    END IF;
    RETURN NULL;
END $$;
