-- Adds to order_audit what becomes of the pieces that are reserved for orders: a row for each order
-- of the statement, with all of its lines. A reservation that goes after it was settled tells
-- nothing new.
-- SECURITY DEFINER: a writer of orders needs no right on the audit.
CREATE OR REPLACE FUNCTION stock_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    v_actor CONSTANT text := coalesce(nullif(current_setting('payments.actor', true), ''),
        'user:' || session_user);
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO order_audit (actor, relation, organization_id, order_id, before, after)
        SELECT v_actor, TG_TABLE_NAME, n.organization_id, n.order_id,
            jsonb_build_object('state', o.state),
            jsonb_build_object('state', n.state)
                || CASE WHEN n.expired THEN '{"expired": true}' ELSE '{}' END::jsonb
        FROM old_rows o JOIN new_rows n USING (order_id, position)
        WHERE n.state <> o.state
        GROUP BY n.organization_id, n.order_id, o.state, n.state, n.expired;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO order_audit (actor, relation, organization_id, order_id, after)
        SELECT v_actor, TG_TABLE_NAME, n.organization_id, n.order_id,
            jsonb_build_object('state', n.state, 'items', jsonb_agg(jsonb_build_object(
                'sku', n.sku, 'quantity', n.quantity) ORDER BY n.position))
        FROM new_rows n GROUP BY n.organization_id, n.order_id, n.state;
    ELSE
        INSERT INTO order_audit (actor, relation, organization_id, order_id, before)
        SELECT v_actor, TG_TABLE_NAME, o.organization_id, o.order_id,
            jsonb_build_object('state', o.state, 'items', jsonb_agg(jsonb_build_object(
                'sku', o.sku, 'quantity', o.quantity) ORDER BY o.position))
        FROM old_rows o WHERE o.state = 'reserved'
        GROUP BY o.organization_id, o.order_id, o.state;
    END IF;
    RETURN NULL;
END $$;
