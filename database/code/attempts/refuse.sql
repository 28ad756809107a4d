-- An attempt that was admitted was refused for good: its name is free, and it goes on counting;
-- cache_logic::limit::refuse is its model.
--   As attempt_count, for the windows that limit. counted: in how many windows it counts.
CREATE OR REPLACE FUNCTION attempt_refuse(p_keys text[], p_name text, p_refused text,
    p_quotas bigint[], p_lengths bigint[]) RETURNS TABLE (counted bigint)
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz;
BEGIN
    PERFORM attempt_lock(p_keys);
    v_now := clock_timestamp();
    counted := 0;
    FOR i IN 1 .. cardinality(p_keys) LOOP
        UPDATE payment_attempts a SET name = p_refused, refused = true
        WHERE a.key = p_keys[i] AND a.name = p_name;
        IF NOT FOUND THEN
            -- One that came while another of its name was admitted hasn't been counted yet.
            INSERT INTO payment_attempts (key, name, refused, attempted_at, counts_until)
            VALUES (p_keys[i], p_refused, true, v_now,
                v_now + p_lengths[i] * interval '1 millisecond')
            ON CONFLICT (key, name) DO NOTHING;
        END IF;
        PERFORM attempt_trim(p_keys[i], p_quotas[i]);
        counted := counted + 1;
    END LOOP;
    RETURN NEXT;
END $$;
