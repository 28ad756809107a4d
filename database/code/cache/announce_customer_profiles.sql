-- Announces customers that were changed or deleted, and, if what summaries show of them has
-- changed, their orders: a summary's customer isn't known before it is loaded, so it can't depend
-- on the customer by a tag of its own. Beyond announced_rows() customers or orders, the
-- organisations alone are named. A new customer is announced to nobody, since nothing is cached for
-- a 404.
--
-- An order that another transaction is placing can't be seen yet, and its summary may be cached
-- with the old name as soon as it is. So the customers are locked against the key share that a new
-- order takes on its customer: orders before the lock are seen, and those behind it show the new
-- name.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_customer_profiles() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    changed text[];
    tenants uuid[];
    owners uuid[];
    renamed uuid[];
    shown text[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT array_agg('customer_profile:' || r.organization_id || '/' || r.id),
            array_agg(DISTINCT r.organization_id), array_agg(r.organization_id), array_agg(r.id)
        INTO changed, tenants, owners, renamed FROM old_rows r;
    ELSE
        SELECT array_agg('customer_profile:' || r.organization_id || '/' || r.id),
            array_agg(DISTINCT r.organization_id)
        INTO changed, tenants
        FROM (SELECT o.organization_id, o.id FROM old_rows o
            UNION SELECT n.organization_id, n.id FROM new_rows n) AS r;
        SELECT array_agg(r.organization_id), array_agg(r.id) INTO owners, renamed
        FROM (SELECT o.organization_id, o.id, o.name, o.company_name FROM old_rows o
            EXCEPT SELECT n.organization_id, n.id, n.name, n.company_name FROM new_rows n) AS r;
    END IF;
    IF cardinality(renamed) BETWEEN 1 AND announced_rows() THEN
        PERFORM FROM customers c WHERE c.id = ANY (renamed) ORDER BY c.id FOR UPDATE;
        -- A statement of its own, so that it sees what was committed before the lock was had.
        SELECT array_agg('order:' || s.organization_id || '/' || s.id) INTO shown
        FROM (SELECT o.organization_id, o.id FROM unnest(owners, renamed) AS r (organization_id, id)
            JOIN orders o ON o.organization_id = r.organization_id AND o.customer_id = r.id
            WHERE o.deleted_at IS NULL LIMIT announced_rows() + 1) AS s;
    END IF;
    IF cardinality(renamed) > 0
        AND current_setting('transaction_isolation') <> 'read committed' THEN
        -- Statements that share a snapshot may not see an order.
        changed := '{*}';
    ELSIF cardinality(changed) > announced_rows() OR cardinality(shown) > announced_rows() THEN
        changed := cache_tenant_tags(tenants);
    ELSE
        changed := changed || coalesce(shown, '{}');
    END IF;
    IF cardinality(changed) > 0 THEN
        PERFORM cache_announce(changed);
    END IF;
    RETURN NULL;
END $$;
