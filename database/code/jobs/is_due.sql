-- Whether a job is to be taken: its time has come, and nobody has it. Hot entries are made anew as
-- soon as the cache was emptied.
CREATE OR REPLACE FUNCTION job_is_due(jobs) RETURNS boolean LANGUAGE sql STABLE
RETURN $1.leased_until <= now() AND ($1.next_run <= now() OR $1.name = 'warm' AND cache_is_cold());
