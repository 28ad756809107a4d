-- All jobs, for GET /jobs. One is overdue if it has been due for more than a minute.
CREATE OR REPLACE FUNCTION job_list() RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object('items', coalesce(json_agg(json_build_object(
        'name', j.name, 'component', j.component, 'intervalSeconds', j.interval_seconds,
        'lastRun', time_text(j.last_run), 'nextRun', time_text(j.next_run),
        'running', j.leased_until > now(), 'overdue', job_is_overdue(j),
        'failures', j.failures, 'result', j.result) ORDER BY j.component, j.name), '[]'))::text
    FROM jobs j;
END;
