-- Announces orders: every statement that changes some writes an outbox row for each organisation,
-- with what each of them announces (order_changed_tags). Beyond announced_rows() rows it names the
-- organisations alone.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    changed bigint;
    announced text[];
    tenants uuid[];
    was orders;
    became orders;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT count(*) INTO changed FROM new_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT DISTINCT r.organization_id FROM new_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM new_rows r, unnest(order_changed_tags(NULL, r::orders)) AS tag;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO changed FROM old_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT DISTINCT r.organization_id FROM old_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM old_rows r, unnest(order_changed_tags(r::orders, NULL)) AS tag;
        END IF;
    ELSE
        -- As most statements do: one order, which stays where it is (order_note_move). Then its
        -- tags are the same before and after, and those of numbers and sets stay.
        IF current_setting('orders.moved', true) = 'off' THEN
            INSERT INTO cache_invalidations (tags)
            SELECT (order_tags(n.organization_id, n.id, n.customer_id, n.status))[:4]
            FROM new_rows n WHERE (SELECT count(*) FROM new_rows) = 1;
            IF FOUND THEN
                RETURN NULL;
            END IF;
        END IF;
        SELECT count(*) INTO changed FROM new_rows;
        IF changed = 1 THEN
            -- Without a join.
            SELECT * INTO was FROM old_rows;
            SELECT * INTO became FROM new_rows;
            announced := order_changed_tags(was, became);
        ELSIF changed > announced_rows() THEN
            tenants := ARRAY(SELECT r.organization_id FROM old_rows r
                UNION SELECT r.organization_id FROM new_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id,
                unnest(order_changed_tags(o::orders, n::orders)) AS tag;
        END IF;
    END IF;
    IF changed > 0 THEN
        PERFORM cache_announce(coalesce(announced, cache_tenant_tags(tenants)));
    END IF;
    RETURN NULL;
END $$;
