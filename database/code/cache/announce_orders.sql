-- Announces orders: every statement that changes some writes an outbox row for each organisation,
-- with the tags of all its rows before and after the statement. Those of numbers of orders are left
-- out where no number has moved, as by another note. Beyond announced_rows() rows it names the
-- organisations alone.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    changed bigint;
    announced text[];
    tenants uuid[];
    counted text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT count(*) INTO changed FROM new_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT DISTINCT r.organization_id FROM new_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM new_rows r, unnest(order_tags(r.organization_id, r.id, r.customer_id,
                r.status)) AS tag;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO changed FROM old_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT DISTINCT r.organization_id FROM old_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM old_rows r, unnest(order_tags(r.organization_id, r.id, r.customer_id,
                r.status)) AS tag;
        END IF;
    ELSE
        SELECT count(*) INTO changed FROM new_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT r.organization_id FROM old_rows r
                UNION SELECT r.organization_id FROM new_rows r);
        ELSE
            -- What order_stats is drawn from, where it is another one than before.
            SELECT array_agg(DISTINCT 'counts:' || c.organization_id) INTO counted FROM (
                (SELECT o.id, o.organization_id, o.currency, o.status, o.payment_status,
                    o.total_amount, o.deleted_at IS NULL FROM old_rows o
                EXCEPT SELECT n.id, n.organization_id, n.currency, n.status, n.payment_status,
                    n.total_amount, n.deleted_at IS NULL FROM new_rows n)
                UNION ALL
                (SELECT n.id, n.organization_id, n.currency, n.status, n.payment_status,
                    n.total_amount, n.deleted_at IS NULL FROM new_rows n
                EXCEPT SELECT o.id, o.organization_id, o.currency, o.status, o.payment_status,
                    o.total_amount, o.deleted_at IS NULL FROM old_rows o)
            ) AS c;
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) r,
                unnest(order_tags(r.organization_id, r.id, r.customer_id, r.status)) AS tag
            WHERE tag = ANY (counted) OR tag NOT LIKE 'counts:%' AND tag <> 'all';
            announced := announced || CASE WHEN counted IS NOT NULL THEN ARRAY['all'] END;
        END IF;
    END IF;
    IF changed > 0 THEN
        PERFORM cache_announce(coalesce(announced, cache_tenant_tags(tenants)));
    END IF;
    RETURN NULL;
END $$;
