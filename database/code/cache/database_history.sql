-- The history that this database is on: the cluster, its timeline, the database. A promotion, or a
-- recovery to a point in time, begins another timeline. A database that was restored, cloned or
-- failed over isn't the one that cached entries were made from, even at the same address.
CREATE OR REPLACE FUNCTION database_history() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    cluster text;
    timeline text;
    own text := (SELECT d.oid::text FROM pg_database d WHERE d.datname = current_database());
BEGIN
    BEGIN
        cluster := (SELECT s.system_identifier::text FROM pg_control_system() AS s);
        timeline := left(pg_walfile_name(pg_current_wal_lsn()), 8);
    EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_function THEN
        -- Some managed servers keep these to themselves. The rest still tells a clone from its
        -- original.
        NULL;
    END;
    RETURN concat_ws('/', coalesce(cluster, '-'), coalesce(timeline, '-'), own);
END $$;
