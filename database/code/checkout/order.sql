-- Makes the order of a checkout session, or finds the one that it has become.
--   p_checkout: the session. p_customer: the order must be this customer's; NULL for any.
--   p_request: the cart, as order_create takes it; NULL if there is none any more.
--   p_id: the id to give. p_inventory: as order_create.
--   outcome: created; replay (body and version: the order as it is now); gone (it was deleted);
--     no_cart; else as order_create.
--   xid, tags: as order_create.
CREATE OR REPLACE FUNCTION checkout_order(p_organization uuid, p_principal text, p_checkout uuid,
    p_customer uuid, p_request jsonb, p_id uuid, p_inventory text DEFAULT NULL)
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    made uuid;
    o orders;
BEGIN
    tags := '{}';
    SELECT c.order_id INTO made FROM checkout_orders c
    WHERE c.organization_id = p_organization AND c.principal = p_principal
        AND c.checkout_id = p_checkout;
    IF NOT FOUND THEN
        IF p_request IS NULL THEN
            outcome := 'no_cart';
            RETURN NEXT;
            RETURN;
        END IF;
        -- A second call waits in there for the first. The hash is the session's own: a cart that
        -- was changed meanwhile is no mistake of the caller's, only too late. No Idempotency-Key
        -- holds a blank, so the key is in nobody's way.
        SELECT c.outcome, c.body, c.version, c.xid, c.tags INTO outcome, body, version, xid, tags
        FROM order_create(p_organization, p_request, p_principal, 'checkout session ' || p_checkout,
            p_checkout::text, p_id, p_inventory) AS c;
        IF outcome <> 'created' THEN
            RETURN NEXT;
            RETURN;
        END IF;
        INSERT INTO checkout_orders (organization_id, principal, checkout_id, order_id)
            VALUES (p_organization, p_principal, p_checkout, p_id);
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
        tags := order_tags(p_organization, made, o.customer_id, o.status);
    END IF;
    RETURN NEXT;
END $$;
