-- Announces products: every statement that changes some writes an outbox row for each organisation,
-- with the tags of all its rows before and after the statement. Beyond announced_rows() rows it
-- names the organisations alone.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    changed bigint;
    announced text[];
    tenants uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT count(*) INTO changed FROM new_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT DISTINCT r.organization_id FROM new_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM new_rows r, unnest(product_tags(r.organization_id, r.id, r.schema_id)) AS tag;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO changed FROM old_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT DISTINCT r.organization_id FROM old_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM old_rows r, unnest(product_tags(r.organization_id, r.id, r.schema_id)) AS tag;
        END IF;
    ELSE
        SELECT count(*) INTO changed FROM new_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT r.organization_id FROM old_rows r
                UNION SELECT r.organization_id FROM new_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) r,
                unnest(product_tags(r.organization_id, r.id, r.schema_id)) AS tag;
        END IF;
    END IF;
    IF changed > 0 THEN
        PERFORM cache_announce(coalesce(announced, cache_tenant_tags(tenants)));
    END IF;
    RETURN NULL;
END $$;
