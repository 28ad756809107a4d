-- Announces customers that are gone: a history exists as long as its customer does, orders or not.
-- A new customer is announced to nobody, since nothing is cached for a 404.
CREATE OR REPLACE FUNCTION announce_gone_customers() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone text[];
BEGIN
    SELECT array_agg(tag) INTO gone FROM old_rows r,
        unnest(ARRAY['customer:' || r.organization_id || '/' || r.id,
            'orders:' || r.organization_id || '/customer/' || r.id]) AS tag
    WHERE NOT EXISTS (SELECT FROM customers c WHERE c.organization_id = r.organization_id
        AND c.id = r.id);
    IF cardinality(gone) > 2 * announced_rows() THEN
        gone := cache_tenant_tags(ARRAY(SELECT DISTINCT r.organization_id FROM old_rows r));
    END IF;
    IF gone IS NOT NULL THEN
        PERFORM cache_announce(gone);
    END IF;
    RETURN NULL;
END $$;
