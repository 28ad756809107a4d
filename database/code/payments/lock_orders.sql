-- Locks orders: until this transaction ends nobody else folds them, and none of them appears.
--   p_orders: their ids. p_new: the caller makes them appear. It waits for folds only, and not for
--   others that make orders appear.
-- Locks are by bucket: a transaction that places any number of orders holds at most 512.
CREATE OR REPLACE FUNCTION payment_lock_orders(p_orders text[], p_new boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    bucket bigint;
BEGIN
    -- Always by bucket, so that two can't wait for each other.
    FOR bucket IN SELECT DISTINCT hashtextextended(r, 0) & 511 FROM unnest(p_orders) AS r
        WHERE r IS NOT NULL ORDER BY 1 LOOP
        IF p_new THEN
            PERFORM pg_advisory_xact_lock_shared(hashtextextended('payments/orders', bucket));
        ELSE
            PERFORM pg_advisory_xact_lock(hashtextextended('payments/orders', bucket));
        END IF;
    END LOOP;
END $$;
