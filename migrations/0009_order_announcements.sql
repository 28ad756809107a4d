-- Every statement that changes orders writes one outbox row: the tags of all rows before and after it.
-- SECURITY DEFINER: whoever may change an order announces it, also without a right on the outbox.

-- The tags of an order; shared/commerce/src/entries.rs says which entries depend on which.
CREATE FUNCTION order_tags(organization_id uuid, id uuid, customer_id uuid, status text) RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN ARRAY[
    'order:' || organization_id || '/' || id,
    'org:' || organization_id,
    'customer:' || organization_id || '/' || customer_id,
    'status:' || organization_id || '/' || status,
    'all'
];

-- From this many rows on, saying everything costs less than naming them.
CREATE FUNCTION announced_rows() RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 200;

CREATE FUNCTION announce_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    changed bigint;
    announced text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT count(*) INTO changed FROM new_rows;
        IF changed BETWEEN 1 AND announced_rows() THEN
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM new_rows r, unnest(order_tags(r.organization_id, r.id, r.customer_id, r.status)) AS tag;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO changed FROM old_rows;
        IF changed BETWEEN 1 AND announced_rows() THEN
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM old_rows r, unnest(order_tags(r.organization_id, r.id, r.customer_id, r.status)) AS tag;
        END IF;
    ELSE
        SELECT count(*) INTO changed FROM new_rows;
        IF changed BETWEEN 1 AND announced_rows() THEN
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) r,
                unnest(order_tags(r.organization_id, r.id, r.customer_id, r.status)) AS tag;
        END IF;
    END IF;
    IF changed > 0 THEN
        INSERT INTO cache_invalidations (tags) VALUES (coalesce(announced, '{*}'));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER announce_insert AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_orders();
CREATE TRIGGER announce_update AFTER UPDATE ON orders REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_orders();
CREATE TRIGGER announce_delete AFTER DELETE ON orders REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_orders();
ALTER TABLE orders ENABLE ALWAYS TRIGGER announce_insert, ENABLE ALWAYS TRIGGER announce_update, ENABLE ALWAYS TRIGGER announce_delete;
