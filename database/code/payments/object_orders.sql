-- The orders' ids, and references that may become some, that these objects point to, as told now or
-- known before.
--   place: of the object among p_objects, from 1. reference: one of it.
-- In plpgsql, since a session keeps its plans: every event runs this. Objects are few, whatever the
-- planner takes a JSON array for, so their rows are found by an index.
CREATE OR REPLACE FUNCTION payment_object_orders(p_provider text, p_account text, p_objects jsonb)
RETURNS TABLE (place bigint, reference text)
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT DISTINCT i.place, r
    FROM jsonb_array_elements(p_objects) WITH ORDINALITY AS i (b, place)
    LEFT JOIN payment_objects k ON k.provider = p_provider AND k.account = p_account
        AND k.kind = b ->> 'kind' AND k.object_id = b ->> 'id'
    -- The payment of a refund or dispute, by its id or by its alias: one index each.
    LEFT JOIN LATERAL (
        SELECT coalesce(b ->> 'parent', k.parent_id) AS id
        WHERE b ->> 'kind' IN ('refund', 'dispute')
    ) AS parent ON true
    LEFT JOIN LATERAL (
        SELECT p.* FROM payment_objects p WHERE p.provider = p_provider AND p.account = p_account
            AND p.kind = 'payment' AND p.object_id = parent.id
        UNION ALL
        SELECT p.* FROM payment_objects p WHERE p.provider = p_provider AND p.account = p_account
            AND p.kind = 'payment' AND p.alias = parent.id
    ) AS p ON true
    LEFT JOIN payment_sessions s ON s.gateway = p_provider
        AND s.external_id IN (b ->> 'external_order', b ->> 'id', k.external_order,
            p.external_order, p.object_id),
        unnest(ARRAY[b ->> 'order_reference', k.order_id::text, k.order_reference, p.order_id::text,
            p.order_reference, s.order_id::text]) AS r
    WHERE r IS NOT NULL;
END $$;
