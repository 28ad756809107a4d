-- Ends this database's sessions of the app, since the server is an old primary: the next ones may
-- come to its successor. Those that are idle end at once, and this one as soon as it is.
CREATE OR REPLACE FUNCTION cache_leave() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('idle_session_timeout', '1ms', false);
    PERFORM pg_terminate_backend(a.pid) FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.usename = current_user
        AND a.application_name = current_setting('application_name')
        AND a.state = 'idle' AND a.pid <> pg_backend_pid();
END $$;
