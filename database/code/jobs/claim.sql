-- Takes the job of a component that has been due for longest. No row: none is due.
--   p_names: the jobs that the caller knows. One of a later release is left to that.
--   p_lease_ms: for how long nobody else gets it.
--   fence: what job_finish must name. since_ms: how long ago the last whole run ended, or NULL.
CREATE OR REPLACE FUNCTION job_claim(p_component text, p_names text[], p_lease_ms bigint)
RETURNS TABLE (name text, fence bigint, cursor text, since_ms bigint) LANGUAGE sql
BEGIN ATOMIC
    UPDATE jobs j SET fence = nextval('job_fences'),
        leased_until = now() + p_lease_ms * interval '1 millisecond'
    WHERE j.name = (SELECT d.name FROM jobs d WHERE d.component = p_component
        AND d.name = ANY (p_names) AND job_is_due(d)
        ORDER BY d.next_run, d.name LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING j.name, j.fence, j.cursor,
        (extract(epoch FROM now() - j.last_run) * 1000)::bigint;
END;
