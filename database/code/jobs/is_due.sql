-- Whether a job is to be taken: its time has come, and nobody has it.
CREATE OR REPLACE FUNCTION job_is_due(jobs) RETURNS boolean LANGUAGE sql STABLE
RETURN $1.next_run <= now() AND $1.leased_until <= now();
