-- Puts the last good cart of a user-service's user as a caller's cart.
--   p_valid: as checkout_put.
--   outcome: as checkout_put; none (no cart of the user is kept).
--   as_of: when the service gave the cart, RFC 3339. The rest as checkout_put.
CREATE OR REPLACE FUNCTION checkout_put_kept(p_organization uuid, p_principal text,
    p_checkout uuid, p_user uuid, p_valid bigint)
RETURNS TABLE (outcome text, body text, became text, as_of text, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    kept user_carts;
BEGIN
    SELECT * INTO kept FROM user_carts u
    WHERE u.organization_id = p_organization AND u.user_id = p_user AND u.expires_at > now();
    IF NOT FOUND THEN
        outcome := 'none';
        tags := '{}';
        RETURN NEXT;
        RETURN;
    END IF;
    as_of := time_text(kept.given_at);
    SELECT p.outcome, p.body, p.became, p.xid, p.tags INTO outcome, body, became, xid, tags
    FROM checkout_put(p_organization, p_principal, p_checkout, kept.request, p_valid,
        p_as_of => kept.given_at) AS p;
    RETURN NEXT;
END $$;
