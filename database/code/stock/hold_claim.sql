-- Takes a hold about which the product-service is to be asked or told. One that no order has come
-- of in time is released. No row: nothing is due.
--   p_lease_ms: how long nobody else gets it.
--   state: optimistic (ask for it again), releasing, deducting. lease: what stock_hold_done must
--   name. attempts: with this one. resting_ms: for how long the service is to be left alone.
CREATE OR REPLACE FUNCTION stock_hold_claim(p_lease_ms bigint)
RETURNS TABLE (hold text, lease text, state text, organization text, order_id text, items text,
    attempts integer, resting_ms bigint) LANGUAGE plpgsql ROWS 1 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    UPDATE stock_holds h SET
        state = CASE WHEN h.request_key IS NULL THEN h.state ELSE 'releasing' END,
        principal = NULL, request_key = NULL, lease = gen_random_uuid(),
        attempts = h.attempts + 1,
        next_attempt_at = now() + p_lease_ms * interval '1 millisecond'
    WHERE h.id = (SELECT d.id FROM stock_holds d
        WHERE (d.state IN ('optimistic', 'releasing', 'deducting') OR d.request_key IS NOT NULL)
            AND d.next_attempt_at <= now()
        ORDER BY d.next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING h.id::text, h.lease::text, h.state, h.organization_id::text, h.order_id::text,
        h.items::text, h.attempts, provider_resting('product-service');
END $$;
