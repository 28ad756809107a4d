-- What a change of an order announces: its tags before and after, each once. Those of numbers of
-- orders are left out if no number has moved, as by another note, and so are those of sets that
-- stay as they are (order_set_tags). The last of order_tags is left out: here it is known what was
-- before.
--   was, became: the row before and after; NULL if it is new or gone.
-- In plpgsql, since a session keeps its plans: every statement that changes orders runs this.
CREATE OR REPLACE FUNCTION order_changed_tags(was orders, became orders) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    repaid boolean := was.payment_status IS DISTINCT FROM became.payment_status;
    -- What order_stats is drawn from.
    counted boolean := repaid OR was.status IS DISTINCT FROM became.status
        OR (was.organization_id, was.currency, was.total_amount, was.deleted_at IS NULL)
            IS DISTINCT FROM (became.organization_id, became.currency, became.total_amount,
            became.deleted_at IS NULL);
    -- Where the order stands in lists.
    moved boolean := (was.id, was.organization_id, was.customer_id, was.currency, was.total_amount,
        was.created_at, was.order_number, was.deleted_at IS NULL) IS DISTINCT FROM (became.id,
        became.organization_id, became.customer_id, became.currency, became.total_amount,
        became.created_at, became.order_number, became.deleted_at IS NULL);
    tags text[] := '{}';
BEGIN
    IF became.id IS NOT NULL THEN
        tags := order_side_tags(became, moved, counted, repaid);
    END IF;
    -- Else it has the same tags before and after.
    IF was.id IS NOT NULL AND (moved OR counted) THEN
        tags := ARRAY(SELECT DISTINCT tag
            FROM unnest(tags || order_side_tags(was, moved, counted, repaid)) AS tag);
    END IF;
    RETURN tags;
END $$;
