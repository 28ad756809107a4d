-- How many jobs are overdue, how many have failed the last time, and whether any has ever been
-- taken.
CREATE OR REPLACE FUNCTION job_health()
RETURNS TABLE (overdue bigint, failing bigint, ever boolean) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT count(*) FILTER (WHERE job_is_overdue(j)), count(*) FILTER (WHERE j.failures > 0),
        coalesce(bool_or(j.fence > 0), false)
    FROM jobs j;
END;
