-- Begins a hold for the order that checkout_order is about to make of a cart.
--   p_principal, p_checkout: as checkout_order takes them. p_id: the id of a new hold.
--   outcome: as stock_hold_take; pass, too, if there is no cart, or no order will come of it.
--   hold, organization, items, replaces, resting_ms: as stock_hold_take.
CREATE OR REPLACE FUNCTION stock_hold_begin_cart(p_organization uuid, p_principal text,
    p_checkout uuid, p_id uuid)
RETURNS TABLE (outcome text, hold text, organization text, items text, replaces text,
    resting_ms bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    cart jsonb;
BEGIN
    SELECT t.request INTO cart FROM checkout_sessions t
    WHERE t.organization_id = p_organization AND t.principal = p_principal
        AND t.checkout_id = p_checkout AND t.expires_at > now()
        AND NOT EXISTS (SELECT FROM checkout_orders c WHERE c.organization_id = p_organization
            AND c.principal = p_principal AND c.checkout_id = p_checkout);
    -- A guest's customer comes to be with the order, so the cart is asked for its lines alone.
    IF NOT FOUND OR (SELECT l.refused IS NOT NULL FROM order_lines(p_organization,
        cart ->> 'currency', cart -> 'items') AS l) THEN
        outcome := 'pass';
        RETURN NEXT;
        RETURN;
    END IF;
    -- The key by which checkout_order calls order_create.
    RETURN QUERY SELECT * FROM stock_hold_take(p_organization, p_principal,
        'checkout session ' || p_checkout, cart -> 'items', p_id);
END $$;
