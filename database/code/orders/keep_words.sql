-- Keeps the words of orders equal to order_word_sources, whichever program changes an order, its
-- items, its parcels, its invoice or its payments. The trigger's arguments are the fields that its
-- table gives.
-- It fires after the trigger that touches the orders, so the orders are locked: two transactions
-- that change one order follow each other, and each sees the other's rows.
-- The sources are many tables, and a plan for each change of an order would cost more than all of
-- the change. So a session plans once, for few orders. A statement that changes many has a plan of
-- its own: that of few compares all words with all.
-- SECURITY DEFINER: a writer needs no right on the words.
CREATE OR REPLACE FUNCTION order_keep_words() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    v_fields text[] := TG_ARGV;
    v_orders uuid[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM order_words d WHERE d.field = ANY (v_fields);
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'orders' THEN
        -- As order_note_move says.
        IF TG_OP = 'UPDATE' AND current_setting('orders.moved', true) = 'off' THEN
            RETURN NULL;
        END IF;
        IF TG_OP = 'INSERT' THEN
            v_orders := ARRAY(SELECT n.id FROM new_rows n);
        ELSIF TG_OP = 'DELETE' THEN
            v_orders := ARRAY(SELECT o.id FROM old_rows o);
            v_fields := order_word_fields();
        ELSE
            -- Orders whose words are others now. Most changes change none.
            SELECT coalesce(array_agg(DISTINCT c.id), '{}'),
                CASE WHEN bool_or(c.moved) THEN order_word_fields() ELSE v_fields END
                INTO v_orders, v_fields
            FROM (
                SELECT n.id, (o.id, o.organization_id, o.deleted_at IS NULL)
                    IS DISTINCT FROM (n.id, n.organization_id, n.deleted_at IS NULL) AS moved,
                    (o.order_number, o.external_transaction_id, o.shipping_address)
                    IS DISTINCT FROM (n.order_number, n.external_transaction_id,
                        n.shipping_address) AS changed
                FROM new_rows n LEFT JOIN old_rows o ON o.id = n.id
                UNION ALL
                SELECT o.id, true, true FROM old_rows o
                WHERE NOT EXISTS (SELECT FROM new_rows n WHERE n.id = o.id)
            ) AS c WHERE c.moved OR c.changed;
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        v_orders := ARRAY(SELECT DISTINCT n.order_id FROM new_rows n);
    ELSIF TG_OP = 'DELETE' THEN
        v_orders := ARRAY(SELECT DISTINCT o.order_id FROM old_rows o);
    ELSE
        v_orders := ARRAY(SELECT n.order_id FROM new_rows n
            UNION SELECT o.order_id FROM old_rows o);
    END IF;
    IF cardinality(v_orders) = 0 THEN
        RETURN NULL;
    END IF;
    IF cardinality(v_orders) > 10 THEN
        -- Until the function ends.
        PERFORM set_config('plan_cache_mode', 'force_custom_plan', true);
    END IF;
    WITH wanted AS MATERIALIZED (
        SELECT DISTINCT s.order_id, s.organization_id, s.field, s.word FROM order_word_sources s
        WHERE s.order_id = ANY (v_orders) AND s.field = ANY (v_fields)
    ), gone AS (
        DELETE FROM order_words d WHERE d.order_id = ANY (v_orders) AND d.field = ANY (v_fields)
            AND NOT EXISTS (SELECT FROM wanted w
                WHERE (w.order_id, w.organization_id, w.field, w.word)
                    = (d.order_id, d.organization_id, d.field, d.word))
    )
    INSERT INTO order_words (order_id, organization_id, field, word)
    SELECT w.order_id, w.organization_id, w.field, w.word FROM wanted w
    WHERE NOT EXISTS (SELECT FROM order_words d
        WHERE (d.order_id, d.organization_id, d.field, d.word)
            = (w.order_id, w.organization_id, w.field, w.word))
    ON CONFLICT (order_id, field, word) DO UPDATE SET organization_id = excluded.organization_id;
    RETURN NULL;
END $$;
