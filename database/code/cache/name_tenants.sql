-- Decides whether a change of many rows is announced by its organisations or as everything. It must
-- be everything while components may serve whose entries don't depend on tenants: those of the
-- release before. Once tenants are named, such a component is given no certificate and takes those
-- of others for none, so it serves from the database.
--   p_names: true once the last such component is gone; false before one comes back. False waits
--     for changes of many rows that are under way.
-- It answers since when tenants are named; NULL if they aren't.
CREATE OR REPLACE FUNCTION cache_name_tenants(p_names boolean) RETURNS timestamptz
LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz;
BEGIN
    IF NOT p_names THEN
        PERFORM pg_advisory_xact_lock(cache_tenants_lock());
        -- Entries that don't depend on tenants may lie there from before.
        INSERT INTO cache_invalidations (tags) VALUES ('{*}');
    END IF;
    -- Renewals wait for this row from here to the commit. So the certificates of before were all
    -- claimed by now.
    PERFORM FROM cache_state FOR UPDATE;
    UPDATE cache_state s SET tenants_since = CASE WHEN p_names
        THEN coalesce(s.tenants_since, clock_timestamp()) END
    RETURNING s.tenants_since INTO since;
    RETURN since;
END $$;
