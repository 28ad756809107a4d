-- Begins a hold for an order that order_create is about to make.
--   p_request, p_principal, p_key: as order_create takes them. p_id: the id of a new hold.
--   outcome: as stock_hold_take; pass, too, if order_create will refuse the request.
--   hold, organization, items, replaces, resting_ms: as stock_hold_take.
CREATE OR REPLACE FUNCTION stock_hold_begin(p_organization uuid, p_request jsonb, p_principal text,
    p_key text, p_id uuid)
RETURNS TABLE (outcome text, hold text, organization text, items text, replaces text,
    resting_ms bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM customers c WHERE c.organization_id = p_organization
            AND c.id = (p_request ->> 'customerId')::uuid)
        OR (SELECT l.refused IS NOT NULL FROM order_lines(p_organization,
            p_request ->> 'currency', p_request -> 'items') AS l) THEN
        outcome := 'pass';
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM stock_hold_take(p_organization, p_principal, p_key,
        p_request -> 'items', p_id);
END $$;
