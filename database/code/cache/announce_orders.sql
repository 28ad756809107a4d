-- Announces orders: every statement that changes some writes an outbox row for each organisation,
-- with the tags of all its rows before and after the statement. Those of numbers of orders are left
-- out where no number has moved, as by another note, and so are those of sets that stay as they are
-- (order_set_tags). The last of order_tags is left out: here it is known what was before. Beyond
-- announced_rows() rows it names the organisations alone.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
            FROM new_rows r, unnest((order_tags(r.organization_id, r.id, r.customer_id, r.status))[1:6]
                || order_set_tags(r.organization_id, r.customer_id, r.currency, r.payment_status,
                    r.status)) AS tag;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO changed FROM old_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT DISTINCT r.organization_id FROM old_rows r);
        ELSE
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM old_rows r, unnest((order_tags(r.organization_id, r.id, r.customer_id, r.status))[1:6]
                || order_set_tags(r.organization_id, r.customer_id, r.currency, r.payment_status,
                    r.status)) AS tag;
        END IF;
    ELSE
        SELECT count(*) INTO changed FROM new_rows;
        IF changed > announced_rows() THEN
            tenants := ARRAY(SELECT r.organization_id FROM old_rows r
                UNION SELECT r.organization_id FROM new_rows r);
        ELSE
            -- Each row before and after the statement, and what has become another one: what
            -- order_stats is drawn from; where the order stands in lists; its statuses.
            WITH pairs AS MATERIALIZED (
                SELECT o.id AS was, n.id AS became, o.organization_id AS old_organization,
                    n.organization_id AS new_organization, o.customer_id AS old_customer,
                    n.customer_id AS new_customer, o.currency AS old_currency,
                    n.currency AS new_currency, o.payment_status AS old_payment,
                    n.payment_status AS new_payment, o.status AS old_status,
                    n.status AS new_status,
                    (o.organization_id, o.customer_id, o.currency, o.total_amount, o.created_at,
                        o.order_number, o.deleted_at IS NULL) IS DISTINCT FROM (n.organization_id,
                        n.customer_id, n.currency, n.total_amount, n.created_at, n.order_number,
                        n.deleted_at IS NULL) AS moved,
                    (o.organization_id, o.currency, o.total_amount, o.deleted_at IS NULL)
                        IS DISTINCT FROM (n.organization_id, n.currency, n.total_amount,
                        n.deleted_at IS NULL) OR o.payment_status IS DISTINCT FROM n.payment_status
                        OR o.status IS DISTINCT FROM n.status AS counted
                FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
            ), sides AS (
                SELECT p.was AS id, p.old_organization AS organization_id,
                    p.old_customer AS customer_id, p.old_currency AS currency,
                    p.old_payment AS payment_status, p.old_status AS status, p.moved, p.counted,
                    p.old_payment IS DISTINCT FROM p.new_payment AS repaid
                FROM pairs p WHERE p.was IS NOT NULL
                UNION ALL
                SELECT p.became, p.new_organization, p.new_customer, p.new_currency, p.new_payment,
                    p.new_status, p.moved, p.counted, p.old_payment IS DISTINCT FROM p.new_payment
                FROM pairs p WHERE p.became IS NOT NULL
            )
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM sides s, unnest((order_tags(s.organization_id, s.id, s.customer_id, s.status))
                [1:CASE WHEN s.counted THEN 6 ELSE 4 END] || (order_set_tags(s.organization_id,
                s.customer_id, s.currency, s.payment_status, s.status))
                [CASE WHEN s.moved THEN 1 WHEN s.repaid THEN 4 WHEN s.counted THEN 5 ELSE 6 END:]
                ) AS tag;
        END IF;
    END IF;
    IF changed > 0 THEN
        PERFORM cache_announce(coalesce(announced, cache_tenant_tags(tenants)));
    END IF;
    RETURN NULL;
END $$;
