-- Nobody else folds these orders until this transaction ends, and none of them appears meanwhile. Whoever makes them appear (p_new) waits for
-- the folds only, not for others who do the same. By bucket: a transaction that places any number of orders holds at most 512 locks.
CREATE OR REPLACE FUNCTION payment_lock_orders(p_orders text[], p_new boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bucket bigint;
BEGIN
    -- Always in this order, so that two can't wait for each other.
    FOR bucket IN SELECT DISTINCT hashtextextended(r, 0) & 511 FROM unnest(p_orders) AS r WHERE r IS NOT NULL ORDER BY 1 LOOP
        IF p_new THEN
            PERFORM pg_advisory_xact_lock_shared(hashtextextended('payments/orders', bucket));
        ELSE
            PERFORM pg_advisory_xact_lock(hashtextextended('payments/orders', bucket));
        END IF;
    END LOOP;
END $$;
