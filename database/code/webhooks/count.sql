-- The number of events that webhook_list finds on all pages together; the filters are its own.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION webhook_count(p_organization uuid, p_state text,
    p_order uuid DEFAULT NULL, p_provider text DEFAULT NULL, p_account text DEFAULT NULL,
    p_kind text DEFAULT NULL, p_reason text DEFAULT NULL, p_transmission text DEFAULT NULL,
    p_from text DEFAULT NULL, p_to text DEFAULT NULL, p_after text DEFAULT NULL)
RETURNS TABLE (events bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT count(*) FROM webhook_events w
    WHERE (p_organization IS NULL OR w.organization_id = p_organization)
        AND (p_state IS NULL
            OR CASE WHEN w.dismissed_at IS NULL THEN w.state ELSE 'dismissed' END = p_state)
        AND (p_order IS NULL OR w.order_id = p_order)
        AND (p_provider IS NULL OR w.provider = p_provider)
        AND (p_account IS NULL OR w.account = p_account)
        AND (p_kind IS NULL OR w.kind = p_kind)
        AND (p_reason IS NULL OR w.reason = p_reason)
        AND (p_transmission IS NULL OR w.id = ANY (ARRAY(SELECT t.event
            FROM webhook_transmissions t WHERE t.transmission_id = p_transmission)))
        AND (p_from IS NULL OR w.received_at >= p_from::timestamptz)
        AND (p_to IS NULL OR w.received_at < p_to::timestamptz)
        AND (p_after IS NULL
            OR (w.received_at, w.id) < (place_time(p_after), place_id(p_after)));
END;
