-- What the rows of orders can't tell: tables emptied as a whole, and customers whose history ends with them.

CREATE FUNCTION announce_everything() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO cache_invalidations (tags) VALUES ('{*}');
    RETURN NULL;
END $$;

DO $$
DECLARE
    shown text;
BEGIN
    FOREACH shown IN ARRAY ARRAY['orders', 'order_items', 'payments', 'shipments', 'invoices', 'customers'] LOOP
        EXECUTE format('CREATE TRIGGER announce_truncate AFTER TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION announce_everything()', shown);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER announce_truncate', shown);
    END LOOP;
END $$;

-- A history exists as long as its customer does, orders or not. (A new customer has no entry yet: nothing is cached for a 404.)
CREATE FUNCTION announce_gone_customers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone text[];
BEGIN
    SELECT array_agg('customer:' || r.organization_id || '/' || r.id) INTO gone FROM old_rows r
    WHERE NOT EXISTS (SELECT FROM customers c WHERE c.organization_id = r.organization_id AND c.id = r.id);
    IF cardinality(gone) > 0 THEN
        INSERT INTO cache_invalidations (tags)
        VALUES (CASE WHEN cardinality(gone) > announced_rows() THEN '{*}' ELSE gone END);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER announce_update AFTER UPDATE ON customers REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_gone_customers();
CREATE TRIGGER announce_delete AFTER DELETE ON customers REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_gone_customers();
ALTER TABLE customers ENABLE ALWAYS TRIGGER announce_update, ENABLE ALWAYS TRIGGER announce_delete;
