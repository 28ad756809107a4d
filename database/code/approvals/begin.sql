-- Decides about an order that a shopper has approved at the provider, under our order's lock. The
-- session may be over: the money is taken all the same if the order still is to be paid, over the
-- sum that was approved, and no other session of it is open, completed or being captured.
--   p_external: the provider's order. p_event: the event that tells of the approval.
--   p_lease: for how many seconds no other session of the order is begun or captured.
--   outcome: capture (under a request id that counts refusals); nothing (it is no session of ours,
--     or its order wants no money any more); waiting (reason: why it has to be tried again);
--     needs_review (reason; the event shows it).
--   reason: approval- and what approval_hindrance says.
CREATE OR REPLACE FUNCTION approval_begin(
    p_gateway text, p_external text, p_event uuid, p_lease bigint)
RETURNS TABLE (outcome text, refusals integer, reason text) LANGUAGE plpgsql AS $$
DECLARE
    s payment_sessions;
    o orders;
    hindrance text;
BEGIN
    SELECT * INTO s FROM payment_sessions t WHERE t.gateway = p_gateway
        AND t.external_id = p_external;
    IF NOT FOUND THEN
        outcome := 'nothing';
        RETURN NEXT;
        RETURN;
    END IF;
    -- Folds of the order wait, and so do callers that begin a session of it.
    PERFORM payment_lock_orders(ARRAY[s.order_id::text], false);
    SELECT * INTO o FROM orders t WHERE t.id = s.order_id FOR NO KEY UPDATE;
    SELECT * INTO s FROM payment_sessions t WHERE t.id = s.id;
    hindrance := approval_hindrance(s, o);
    IF hindrance IS NULL AND s.status <> 'completed' THEN
        PERFORM approval_hold(s.id, p_lease);
        outcome := 'capture';
        refusals := s.capture_refusals;
    ELSIF hindrance IN ('pending', 'another-capture') AND approval_may_wait(s,
        (SELECT e.received_at FROM webhook_events e WHERE e.id = p_event)) THEN
        outcome := 'waiting';
        reason := 'approval-' || hindrance;
    ELSIF s.status <> 'completed' AND hindrance IN ('deleted', 'cancelled', 'order-changed',
        'another-session', 'pending', 'another-capture') THEN
        outcome := 'needs_review';
        reason := approval_review(p_event, o.id, hindrance);
    ELSE
        -- The order was paid otherwise. The approval ends at the provider by itself.
        outcome := 'nothing';
    END IF;
    RETURN NEXT;
END $$;
