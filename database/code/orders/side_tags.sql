-- What one side of a change of an order announces (order_changed_tags), before it or after.
--   moved, counted, repaid: whether it moves in lists, in statistics, among payment statuses.
CREATE OR REPLACE FUNCTION order_side_tags(o orders, moved boolean, counted boolean,
    repaid boolean)
RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    tags text[] := order_tags(o.organization_id, o.id, o.customer_id, o.status);
BEGIN
    IF NOT (moved OR counted) THEN
        RETURN tags[:4];
    END IF;
    RETURN tags[:CASE WHEN counted THEN 6 ELSE 4 END] || (order_set_tags(o.organization_id,
        o.customer_id, o.currency, o.payment_status, o.status))
        [CASE WHEN moved THEN 1 WHEN repaid THEN 4 ELSE 5 END:];
END $$;
