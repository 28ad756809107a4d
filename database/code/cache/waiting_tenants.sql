-- The organisations that waiting outbox rows are about. NULL if everything has changed: there are
-- more than announced_tenants() of them, a row is about none or several, or they can't be told at
-- a small cost.
--   p_bound: rows of transactions that this snapshot shows have been applied. Some of them are
--     counted all the same.
-- However many rows there are, each group of 65,536 transactions is asked by index for one
-- organisation after the other.
-- In plpgsql, since a session keeps its plans.
CREATE OR REPLACE FUNCTION cache_waiting_tenants(p_bound pg_snapshot) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    -- The groups of transactions that were under way, and the first one of all that came later.
    later CONSTANT bigint := cache_group(pg_snapshot_xmax(p_bound));
    began CONSTANT bigint[] := ARRAY(SELECT DISTINCT cache_group(x)
        FROM pg_snapshot_xip(p_bound) AS x WHERE cache_group(x) < later ORDER BY 1) || later;
    from_group bigint;
    at_group bigint;
    tenant text;
    found_tenants text[] := '{}';
    steps integer := 0;
BEGIN
    FOREACH from_group IN ARRAY began LOOP
        at_group := from_group;
        tenant := '';
        LOOP
            SELECT cache_group(i.xid), cache_tenant(i.tags) INTO at_group, tenant
            FROM cache_invalidations i
            WHERE (cache_group(i.xid), cache_tenant(i.tags)) > (at_group, tenant)
            ORDER BY cache_group(i.xid), cache_tenant(i.tags) LIMIT 1;
            EXIT WHEN at_group IS NULL OR (from_group < later AND at_group > from_group);
            steps := steps + 1;
            IF tenant <> ALL (found_tenants) THEN
                found_tenants := found_tenants || tenant;
            END IF;
            IF tenant = '*' OR cardinality(found_tenants) > announced_tenants()
                OR steps > 20000 THEN
                RETURN NULL;
            END IF;
        END LOOP;
    END LOOP;
    RETURN found_tenants;
END $$;
