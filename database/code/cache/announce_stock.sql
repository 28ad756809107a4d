-- Announces levels of stock to every product of the article, before and after the statement. Beyond
-- announced_rows() rows it names the organisations alone. An article that no product has is shown
-- nowhere.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_stock() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    changed bigint;
    announced text[];
    tenants uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT count(*) INTO changed FROM new_rows;
        IF changed > 0 THEN
            -- New products of the article can't lock a row that they don't see: see touch_stock.
            PERFORM pg_advisory_xact_lock(hashtextextended('stock/articles', 0));
        END IF;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT DISTINCT r.organization_id FROM new_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM new_rows r, stock_tags(r.organization_id, r.sku) AS tag;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO changed FROM old_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT DISTINCT r.organization_id FROM old_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM old_rows r, stock_tags(r.organization_id, r.sku) AS tag;
        END IF;
    ELSE
        SELECT count(*) INTO changed FROM new_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT r.organization_id FROM old_rows r
                UNION SELECT r.organization_id FROM new_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) r,
                stock_tags(r.organization_id, r.sku) AS tag;
        END IF;
    END IF;
    IF tenants IS NOT NULL THEN
        announced := cache_tenant_tags(tenants);
    END IF;
    IF announced IS NOT NULL THEN
        PERFORM cache_announce(announced);
    END IF;
    RETURN NULL;
END $$;
