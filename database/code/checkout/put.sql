-- Puts a caller's cart, in place of the one that is there.
--   p_request: the order that is wanted. p_valid: how many seconds the cart stays.
--   p_user: the user of a user-service whose cart it is; then it is also kept as that user's last
--     good one, for p_keep seconds, whatever the session has become.
--   p_as_of: when a user-service gave the cart, if it is its user's last good one; else NULL.
--   outcome: created; replaced; ordered (it has become an order, and stays as it is).
--   body: the cart. became: the order that it has become.
--   xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION checkout_put(p_organization uuid, p_principal text, p_checkout uuid,
    p_request jsonb, p_valid bigint, p_user uuid DEFAULT NULL, p_keep bigint DEFAULT NULL,
    p_as_of timestamptz DEFAULT NULL)
RETURNS TABLE (outcome text, body text, became text, xid text, tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    c checkout_sessions;
    v_until CONSTANT timestamptz := now() + p_valid * interval '1 second';
BEGIN
    tags := '{}';
    IF p_user IS NOT NULL THEN
        INSERT INTO user_carts AS u (organization_id, user_id, request, expires_at)
        VALUES (p_organization, p_user, p_request, now() + p_keep * interval '1 second')
        ON CONFLICT (organization_id, user_id) DO UPDATE
            SET request = EXCLUDED.request, given_at = now(), expires_at = EXCLUDED.expires_at;
    END IF;
    SELECT * INTO c FROM checkout_sessions t WHERE t.organization_id = p_organization
        AND t.principal = p_principal AND t.checkout_id = p_checkout;
    outcome := CASE WHEN c.expires_at > now() THEN 'replaced' ELSE 'created' END;
    SELECT o.order_id::text INTO became FROM checkout_orders o
    WHERE o.organization_id = p_organization AND o.principal = p_principal
        AND o.checkout_id = p_checkout;
    IF FOUND THEN
        outcome := 'ordered';
        RETURN NEXT;
        RETURN;
    END IF;
    INSERT INTO checkout_sessions AS t
        (organization_id, principal, checkout_id, request, cart_as_of, expires_at)
    VALUES (p_organization, p_principal, p_checkout, p_request, p_as_of, v_until)
    ON CONFLICT (organization_id, principal, checkout_id) DO UPDATE
        SET request = EXCLUDED.request, cart_as_of = EXCLUDED.cart_as_of, updated_at = now(),
            expires_at = EXCLUDED.expires_at
        WHERE t.order_id IS NULL
    RETURNING * INTO c;
    IF NOT FOUND THEN
        -- It was ordered while this call waited for the row.
        SELECT t.order_id::text INTO became FROM checkout_sessions t
        WHERE t.organization_id = p_organization AND t.principal = p_principal
            AND t.checkout_id = p_checkout;
        outcome := 'ordered';
        RETURN NEXT;
        RETURN;
    END IF;
    body := checkout_document(c);
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{checkout_sessions}');
    RETURN NEXT;
END $$;
