-- Announces carts that were put, changed or dropped. A new one is announced, too: its id is the
-- caller's choice, so the cache may hold an earlier cart of that id.
-- Beyond announced_rows() carts the organisations alone are named.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_checkout_sessions() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    announced text[];
    tenants uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT checkout_tag(r.organization_id, r.checkout_id)),
            array_agg(DISTINCT r.organization_id)
        INTO announced, tenants FROM new_rows r;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT checkout_tag(r.organization_id, r.checkout_id)),
            array_agg(DISTINCT r.organization_id)
        INTO announced, tenants FROM old_rows r;
    ELSE
        SELECT array_agg(DISTINCT checkout_tag(r.organization_id, r.checkout_id)),
            array_agg(DISTINCT r.organization_id)
        INTO announced, tenants
        FROM (SELECT o.organization_id, o.checkout_id FROM old_rows o
            UNION SELECT n.organization_id, n.checkout_id FROM new_rows n) AS r;
    END IF;
    IF cardinality(announced) > announced_rows() THEN
        announced := cache_tenant_tags(tenants);
    END IF;
    IF announced IS NOT NULL THEN
        PERFORM cache_announce(announced);
    END IF;
    RETURN NULL;
END $$;
