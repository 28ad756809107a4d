-- Whether a job has been due for more than a minute. One that has more to do is taken up within
-- seconds, so it is none.
CREATE OR REPLACE FUNCTION job_is_overdue(jobs) RETURNS boolean LANGUAGE sql STABLE
RETURN $1.next_run < now() - interval '1 minute';
