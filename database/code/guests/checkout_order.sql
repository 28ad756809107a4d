-- Makes the order of a checkout without an account, or finds the one that it has become. With the
-- order its customer comes to be, and the token opens it.
--   p_hmac, p_older: as guest_order. p_principal: the holder of the token.
--   p_request, p_id, p_inventory: as checkout_order.
--   outcome: as checkout_order; gone, too, if the token is none of a checkout any more.
--   body: the order's public view (guest_order), and its id. version: the order's.
--   currency, xid, tags: as checkout_order.
CREATE OR REPLACE FUNCTION guest_checkout_order(p_hmac text, p_older text[], p_principal text,
    p_request jsonb, p_id uuid, p_inventory text DEFAULT NULL)
RETURNS TABLE (outcome text, body text, version bigint, currency text, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    g guest_checkouts;
    v_order uuid;
BEGIN
    tags := '{}';
    -- A second call waits here for the first.
    SELECT * INTO g FROM guest_checkouts c
    WHERE c.token_hmac = ANY (ARRAY(SELECT decode(h, 'hex') FROM unnest(p_hmac || p_older) AS h))
        AND c.expires_at > now()
    FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'gone';
        RETURN NEXT;
        RETURN;
    END IF;
    IF g.customer IS NOT NULL AND (p_request IS NOT NULL OR EXISTS (SELECT FROM checkout_sessions s
        WHERE s.organization_id = g.organization_id AND s.principal = p_principal
            AND s.checkout_id = g.customer_id AND s.expires_at > now())) THEN
        INSERT INTO customers (id, organization_id, name, email, company_name, cui, address, guest)
        VALUES (g.customer_id, g.organization_id, g.customer ->> 'name', g.customer ->> 'email',
            g.customer ->> 'companyName', g.customer ->> 'cui', g.customer -> 'address', true);
    END IF;
    SELECT c.outcome, c.body, c.version, c.currency, c.xid, c.tags
    INTO outcome, body, version, currency, xid, tags
    FROM checkout_order(g.organization_id, p_principal, g.customer_id, g.customer_id, p_request,
        p_id, p_inventory, false) AS c;
    IF outcome NOT IN ('created', 'replay') THEN
        -- Without an order there is no customer. (A block with EXCEPTION would undo it, too, and
        -- would count as another transaction for the triggers that look at the order's row.)
        IF g.customer IS NOT NULL THEN
            DELETE FROM customers c
            WHERE c.organization_id = g.organization_id AND c.id = g.customer_id;
        END IF;
        RETURN NEXT;
        RETURN;
    END IF;
    UPDATE guest_checkouts c SET customer = NULL
    WHERE c.token_hmac = g.token_hmac AND c.customer IS NOT NULL;
    v_order := (guest_checkout_order.body::jsonb ->> 'id')::uuid;
    INSERT INTO guest_tokens (token_hmac, organization_id, customer_id, order_id, created_by,
        expires_at)
    VALUES (g.token_hmac, g.organization_id, g.customer_id, v_order, p_principal, g.expires_at)
    ON CONFLICT (token_hmac) DO NOTHING;
    -- No view: the token was taken back meanwhile, or the order is deleted.
    SELECT format('{"id" : "%s", %s', v_order, substr(v.body, 2)) INTO body
    FROM guest_order(encode(g.token_hmac, 'hex')) AS v;
    IF body IS NULL THEN
        outcome := 'gone';
    END IF;
    RETURN NEXT;
END $$;
