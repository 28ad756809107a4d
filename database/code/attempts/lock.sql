-- Attempts that count in a window of these keys take turns, until the end of the transaction. The
-- keys are locked in one order, so no two callers wait for each other.
CREATE OR REPLACE FUNCTION attempt_lock(p_keys text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place bigint;
BEGIN
    FOR place IN SELECT DISTINCT hashtextextended('payment_attempts ' || k, 0)
        FROM unnest(p_keys) AS k ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock(place);
    END LOOP;
END $$;
