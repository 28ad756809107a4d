-- Ends a step of a job. It counts only for the one that took the job last.
--   p_cursor: where the next step goes on. p_more: it is due at once, since there is more to do.
--     After 500 steps in a row it waits a minute all the same: no mistake keeps it going for ever.
--   p_failed: the step has failed. It is tried again from where it was, each time later, and from
--     the beginning after the third.
--   p_result: what it did, for GET /jobs.
--   counted: false if somebody else has taken the job meanwhile.
CREATE OR REPLACE FUNCTION job_finish(p_name text, p_fence bigint, p_cursor text, p_more boolean,
    p_failed boolean, p_result jsonb) RETURNS TABLE (counted boolean) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE jobs j SET leased_until = '-infinity', last_step = now(), result = p_result,
        failures = CASE WHEN p_failed THEN j.failures + 1 ELSE 0 END,
        cursor = CASE WHEN NOT p_failed THEN p_cursor WHEN j.failures < 2 THEN j.cursor END,
        last_run = CASE WHEN p_failed OR p_more THEN j.last_run ELSE now() END,
        steps = CASE WHEN p_more AND NOT p_failed AND j.steps < 499 THEN j.steps + 1 ELSE 0 END,
        next_run = now() + CASE
            WHEN p_failed THEN least(j.interval_seconds, 5 * power(2, least(j.failures, 12)))
            WHEN NOT p_more THEN j.interval_seconds
            WHEN j.steps < 499 THEN 0
            ELSE least(j.interval_seconds, 60)
        END * interval '1 second'
    WHERE j.name = p_name AND j.fence = p_fence;
    counted := FOUND;
    RETURN NEXT;
END $$;
