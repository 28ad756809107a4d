-- Notes that pieces are wanted for an order that somebody is about to make, before the
-- product-service is asked. A repetition gets the same hold, so the service can tell that it is
-- one.
--   p_principal, p_key: who makes the order, and under which Idempotency-Key.
--   p_lines: as stock_hold_items takes them. p_id: the id of a new hold.
--   p_replaces: the hold whose place it would take, or NULL.
--   outcome: ask (ask the service for question); held (no need to, it is held, or was let through);
--     pass (the order is there already).
--   hold, organization, items, replaces: for the question. resting_ms: for how long the service is
--     to be left alone.
CREATE OR REPLACE FUNCTION stock_hold_take(p_organization uuid, p_principal text, p_key text,
    p_lines jsonb, p_id uuid, p_replaces uuid DEFAULT NULL)
RETURNS TABLE (outcome text, hold text, organization text, items text, replaces text,
    resting_ms bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    -- Nobody makes the order of a request that is older.
    abandoned CONSTANT interval := '5 minutes';
    v_items CONSTANT jsonb := stock_hold_items(p_lines);
    h stock_holds;
BEGIN
    -- Waits for a request that is making the order.
    SELECT * INTO h FROM stock_holds t
    WHERE t.organization_id = p_organization AND t.principal = p_principal
        AND t.request_key = p_key FOR UPDATE;
    IF EXISTS (SELECT FROM idempotency_keys k
        WHERE k.organization_id = p_organization AND k.principal = p_principal
            AND k.route = 'POST /orders' AND k.key = p_key AND k.body IS NOT NULL
            AND k.expires_at > now()) THEN
        outcome := 'pass';
        RETURN NEXT;
        RETURN;
    END IF;
    IF h.items <> v_items THEN
        -- Another cart by now. A question that is on its way gets there before it is taken back.
        UPDATE stock_holds t SET principal = NULL, request_key = NULL, state = 'releasing',
            next_attempt_at = now() + interval '1 minute'
        WHERE t.id = h.id;
    END IF;
    INSERT INTO stock_holds AS t (id, organization_id, principal, request_key, items,
        next_attempt_at)
    VALUES (p_id, p_organization, p_principal, p_key, v_items, now() + abandoned)
    ON CONFLICT (organization_id, principal, request_key) WHERE request_key IS NOT NULL
        DO UPDATE SET next_attempt_at = excluded.next_attempt_at
    RETURNING * INTO h;
    outcome := CASE WHEN h.state = 'asked' THEN 'ask' ELSE 'held' END;
    hold := h.id;
    organization := h.organization_id;
    items := h.items;
    replaces := p_replaces;
    resting_ms := provider_resting('product-service');
    RETURN NEXT;
END $$;
