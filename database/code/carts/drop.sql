-- Forgets the last good cart of a user-service's user. dropped: how many there were.
CREATE OR REPLACE FUNCTION cart_drop(p_organization uuid, p_user uuid)
RETURNS TABLE (dropped bigint) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM user_carts u WHERE u.organization_id = p_organization AND u.user_id = p_user;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN NEXT;
END $$;
