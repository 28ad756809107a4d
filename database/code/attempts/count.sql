-- Counts one attempt in all of its sliding windows, whether it is admitted or not;
-- cache_logic::limit::attempt is its model.
--   For each window: p_keys: its key. p_names: the attempt's name in it. p_quotas: how many
--   attempts are admitted. p_lengths: its length in ms.
--   p_limits: so many of the windows limit. The others only count: each name once, and no more than
--   the quota are kept.
--   p_refused: the attempt's name where it is refused: a random one, so that it counts each time.
--   Rows in the order of the windows: admitted: 1 or 0 (there was room). used: how many attempts
--   count, this one included; at most the quota. frees_ms: in how many ms fewer than the quota do.
CREATE OR REPLACE FUNCTION attempt_count(p_keys text[], p_names text[], p_refused text,
    p_quotas bigint[], p_lengths bigint[], p_limits integer)
RETURNS TABLE (admitted integer, used bigint, frees_ms bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz;
    v_all boolean := true;
    v_known boolean[] := '{}';
    v_room boolean[] := '{}';
    v_count bigint;
    v_until timestamptz;
BEGIN
    PERFORM attempt_lock(p_keys);
    -- Those that had the lock before have counted at an earlier moment.
    v_now := clock_timestamp();
    DELETE FROM payment_attempts a WHERE a.key = ANY (p_keys) AND a.counts_until <= v_now;
    FOR i IN 1 .. cardinality(p_keys) LOOP
        v_known[i] := EXISTS (SELECT FROM payment_attempts a
            WHERE a.key = p_keys[i] AND a.name = p_names[i]);
        v_room[i] := v_known[i]
            OR (SELECT count(*) FROM payment_attempts a WHERE a.key = p_keys[i]) < p_quotas[i];
        v_all := v_all AND (v_room[i] OR i > p_limits);
    END LOOP;
    FOR i IN 1 .. cardinality(p_keys) LOOP
        IF NOT v_known[i] AND (i <= p_limits OR v_room[i]) THEN
            INSERT INTO payment_attempts (key, name, refused, attempted_at, counts_until)
            VALUES (p_keys[i],
                CASE WHEN v_all OR i > p_limits THEN p_names[i] ELSE p_refused END,
                i <= p_limits AND NOT v_all, v_now, v_now + p_lengths[i] * interval '1 millisecond');
            PERFORM attempt_trim(p_keys[i], p_quotas[i]);
        END IF;
        SELECT count(*) INTO v_count FROM payment_attempts a WHERE a.key = p_keys[i];
        SELECT a.counts_until INTO v_until FROM payment_attempts a WHERE a.key = p_keys[i]
        ORDER BY a.attempted_at, a.name OFFSET greatest(0, v_count - p_quotas[i]) LIMIT 1;
        admitted := v_room[i]::integer;
        used := least(v_count, p_quotas[i]);
        frees_ms := coalesce(least(p_lengths[i],
            greatest(0, extract(epoch FROM v_until - v_now) * 1000)), 0)::bigint;
        RETURN NEXT;
    END LOOP;
END $$;
