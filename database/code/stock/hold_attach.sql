-- Gives an order the hold that was asked for in its name. A hold that it had is released, unless it
-- is of the same pieces: that one stays.
--   p_principal, p_key: as stock_hold_take. p_lines: the order's lines, as order_lines gives them.
--   p_may_expire: whether the order may end unpaid.
-- False: nothing is held of just these lines. Then nothing has changed.
CREATE OR REPLACE FUNCTION stock_hold_attach(p_organization uuid, p_principal text, p_key text,
    p_order uuid, p_lines jsonb, p_may_expire boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_hold uuid;
BEGIN
    IF stock_hold_covers(p_order, p_lines) THEN
        RETURN true;
    END IF;
    -- The job that lets go of holds without an order takes the same lock.
    SELECT h.id INTO v_hold FROM stock_holds h
    WHERE h.organization_id = p_organization AND h.principal = p_principal
        AND h.request_key = p_key AND h.state IN ('reserved', 'optimistic')
        AND h.items = stock_hold_items(p_lines)
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM stock_hold_detach(p_order);
    UPDATE stock_holds h SET order_id = p_order, principal = NULL, request_key = NULL,
        may_expire = p_may_expire, held_since = now(), next_attempt_at = now()
    WHERE h.id = v_hold;
    RETURN true;
END $$;
