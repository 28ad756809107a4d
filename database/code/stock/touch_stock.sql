-- Makes products that get another article, or begin to be shown, wait for changes of its stock that
-- are under way, and those wait for them. A change of stock is announced to the products that it
-- can see. One that appeared beside it would be missed, and its stock be cached as it was before.
-- Announces the stock of products that have another article now, or are shown no more.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION touch_stock() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    announced text[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT array_agg('stock:' || o.organization_id || '/' || o.id) INTO announced
        FROM old_rows o WHERE o.deleted_at IS NULL;
    ELSE
        IF TG_OP = 'UPDATE' THEN
            SELECT array_agg('stock:' || o.organization_id || '/' || o.id) INTO announced
            FROM old_rows o LEFT JOIN new_rows n ON n.id = o.id
            WHERE (n.organization_id, n.sku, n.deleted_at IS NULL)
                IS DISTINCT FROM (o.organization_id, o.sku, o.deleted_at IS NULL);
            IF announced IS NULL THEN
                RETURN NULL;
            END IF;
        END IF;
        -- An article that begins to be counted takes this lock alone.
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('stock/articles', 0));
        PERFORM FROM stock_levels l
        WHERE (l.organization_id, l.sku) IN (SELECT n.organization_id, n.sku FROM new_rows n)
        ORDER BY l.organization_id, l.sku FOR SHARE;
    END IF;
    IF cardinality(announced) > announced_rows() THEN
        announced := cache_tenant_tags(ARRAY(SELECT DISTINCT o.organization_id FROM old_rows o));
    END IF;
    IF announced IS NOT NULL THEN
        PERFORM cache_announce(announced);
    END IF;
    RETURN NULL;
END $$;
