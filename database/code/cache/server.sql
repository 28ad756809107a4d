-- When this Postgres was started, and when it last recovered from the crash of a process: after
-- either, what was committed last may be gone (synchronous_commit = off), or the data may be that
-- of an earlier day (a volume put back). A crash of a process leaves the start time as it is and
-- resets the statistics.
CREATE OR REPLACE FUNCTION cache_server() RETURNS text LANGUAGE sql STABLE
RETURN concat_ws('/', extract(epoch FROM pg_postmaster_start_time()),
    -- Before version 15 the question would wait for the statistics' collector.
    CASE WHEN current_setting('server_version_num')::integer >= 150000
        THEN extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()) END);
