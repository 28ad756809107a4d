-- Announces payment sessions that were shown before they changed: these may be cached. A session
-- that is new, or not shown yet, is in nobody's cache.
CREATE OR REPLACE FUNCTION announce_payment_sessions() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    announced text[];
BEGIN
    SELECT array_agg('session:' || r.organization_id || '/' || r.id) INTO announced FROM old_rows r
    WHERE r.status <> 'creating' OR r.released_at IS NOT NULL;
    IF cardinality(announced) > 0 THEN
        INSERT INTO cache_invalidations (tags)
        VALUES (CASE WHEN cardinality(announced) > announced_rows() THEN '{*}' ELSE announced END);
    END IF;
    RETURN NULL;
END $$;
