-- Announces revoked tokens: one tag for each organisation whose revocations a statement changes.
-- Beyond announced_tenants() organisations everything is announced.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_access() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    tenants uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        tenants := ARRAY(SELECT DISTINCT r.organization_id FROM new_rows r);
    ELSIF TG_OP = 'DELETE' THEN
        tenants := ARRAY(SELECT DISTINCT r.organization_id FROM old_rows r);
    ELSE
        tenants := ARRAY(SELECT r.organization_id FROM old_rows r
            UNION SELECT r.organization_id FROM new_rows r);
    END IF;
    IF cardinality(tenants) > announced_tenants() THEN
        PERFORM cache_announce('{*}');
    ELSIF cardinality(tenants) > 0 THEN
        PERFORM cache_announce(ARRAY(SELECT 'access:' || o FROM unnest(tenants) AS o));
    END IF;
    RETURN NULL;
END $$;
