-- Lets new orders find the payments that were told of before them.
CREATE OR REPLACE FUNCTION payments_of_new_orders() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    one uuid;
BEGIN
    PERFORM payment_lock_orders((SELECT array_agg(n.id::text) FROM new_rows n), true);
    FOR one IN SELECT n.id FROM new_rows n
        WHERE EXISTS (SELECT FROM payment_objects b WHERE b.order_id IS NULL
            AND b.order_reference = n.id::text) ORDER BY n.id
    LOOP
        PERFORM payment_fold(one);
    END LOOP;
    RETURN NULL;
END $$;
