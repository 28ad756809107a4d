-- Makes the order of a checkout session's cart, or finds the one that it has become.
--   p_checkout: the session. p_customer: the order must be this customer's; NULL for any.
--   p_request: a cart that the release before kept in Redis; NULL: that of checkout_sessions.
--   p_id: the id to give. p_inventory: as order_create.
--   p_priced: whether the caller may order at prices of its own.
--   outcome: created; replay (body and version: the order as it is now); gone (it was deleted);
--     no_cart (there is none, its time is over, or it is for another customer); priced (it has
--     prices that the caller may not set); else as order_create.
--   currency: of the cart. xid, tags: as order_create.
CREATE OR REPLACE FUNCTION checkout_order(p_organization uuid, p_principal text, p_checkout uuid,
    p_customer uuid, p_request jsonb, p_id uuid, p_inventory text DEFAULT NULL,
    p_priced boolean DEFAULT true)
RETURNS TABLE (outcome text, body text, version bigint, currency text, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    made uuid;
    cart jsonb;
    o orders;
BEGIN
    tags := '{}';
    -- Calls that put the cart wait for this row, so the order is that of the cart that stays. A
    -- second call that orders waits here, too, and finds the order.
    SELECT CASE WHEN t.expires_at > now() THEN t.request END INTO cart FROM checkout_sessions t
    WHERE t.organization_id = p_organization AND t.principal = p_principal
        AND t.checkout_id = p_checkout FOR UPDATE;
    SELECT c.order_id INTO made FROM checkout_orders c
    WHERE c.organization_id = p_organization AND c.principal = p_principal
        AND c.checkout_id = p_checkout;
    IF NOT FOUND THEN
        cart := coalesce(p_request, cart);
        currency := cart ->> 'currency';
        IF cart IS NULL OR cart ->> 'customerId' <> p_customer::text THEN
            outcome := 'no_cart';
            RETURN NEXT;
            RETURN;
        ELSIF NOT p_priced AND jsonb_path_exists(cart, '$.items[*].unitPrice') THEN
            outcome := 'priced';
            RETURN NEXT;
            RETURN;
        END IF;
        -- Two calls with a cart of Redis wait in there for each other. The hash is the session's
        -- own: a cart that was changed meanwhile is no mistake of the caller's, only too late. No
        -- Idempotency-Key holds a blank, so the key is in nobody's way.
        SELECT c.outcome, c.body, c.version, c.xid, c.tags INTO outcome, body, version, xid, tags
        FROM order_create(p_organization, cart, p_principal, 'checkout session ' || p_checkout,
            p_checkout::text, p_id, p_inventory) AS c;
        IF outcome <> 'created' THEN
            RETURN NEXT;
            RETURN;
        END IF;
        INSERT INTO checkout_orders (organization_id, principal, checkout_id, order_id)
            VALUES (p_organization, p_principal, p_checkout, p_id);
        UPDATE checkout_sessions t SET order_id = p_id
        WHERE t.organization_id = p_organization AND t.principal = p_principal
            AND t.checkout_id = p_checkout;
        IF FOUND THEN
            tags := announced_tags('{checkout_sessions}');
        END IF;
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT * INTO o FROM orders t WHERE t.organization_id = p_organization AND t.id = made
        AND t.deleted_at IS NULL
        AND (p_customer IS NULL OR t.customer_id = p_customer);
    IF NOT FOUND THEN
        outcome := 'gone';
    ELSE
        outcome := 'replay';
        SELECT d.document::text, d.version INTO STRICT body, version
        FROM order_documents d WHERE d.organization_id = p_organization AND d.id = made;
        -- The call that made it may not have got to invalidating.
        tags := order_tags(p_organization, made, o.customer_id, o.status)
            || checkout_tag(p_organization, p_checkout);
    END IF;
    RETURN NEXT;
END $$;
