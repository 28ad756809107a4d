-- Announces payment sessions that were shown before they changed: these may be cached. A session
-- that is new, or not shown yet, is in nobody's cache.
CREATE OR REPLACE FUNCTION announce_payment_sessions() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    announced text[];
BEGIN
    SELECT array_agg('session:' || r.organization_id || '/' || r.id) INTO announced FROM old_rows r
    WHERE r.status <> 'creating' OR r.released_at IS NOT NULL;
    IF cardinality(announced) > announced_rows() THEN
        announced := cache_tenant_tags(ARRAY(SELECT DISTINCT r.organization_id FROM old_rows r));
    END IF;
    IF announced IS NOT NULL THEN
        PERFORM cache_announce(announced);
    END IF;
    RETURN NULL;
END $$;
