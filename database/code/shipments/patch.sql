-- Changes a shipment. Its order's status stays, see shipment_create.
--   p_changes: what changes, of {carrier, trackingNumber, trackingUrl, status, shippedAt,
--     deliveredAt, estimatedDelivery}, validated before; null takes number, URL and estimate away.
--     A time that the new status needs and that isn't named is now.
--   p_from: the statuses that the new one may follow, itself among them.
--   p_principal: the caller, for the audit.
--   outcome: updated; not_found; not_allowed (by p_from); tracking_taken (another shipment of the
--     organisation has the carrier's number); bad_times (a time that the status doesn't have, or
--     delivered before it was shipped).
--   body: the JSON of the shipment if it was updated, else NULL. status: as it is now.
--   xid, tags: the transaction and what it announced; NULL and empty if nothing was written.
CREATE OR REPLACE FUNCTION shipment_patch(p_organization uuid, p_order uuid, p_id uuid,
    p_changes jsonb, p_from text[], p_principal text)
RETURNS TABLE (outcome text, body text, status text, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s shipments;
    n shipments;
BEGIN
    tags := '{}';
    PERFORM payment_actor(p_principal);
    PERFORM FROM orders o
    WHERE o.organization_id = p_organization AND o.id = p_order AND o.deleted_at IS NULL
    FOR NO KEY UPDATE;
    IF FOUND THEN
        SELECT * INTO s FROM shipments t WHERE t.order_id = p_order AND t.id = p_id FOR UPDATE;
    END IF;
    n := s;
    n.status := coalesce(p_changes ->> 'status', s.status);
    n.carrier := coalesce(p_changes ->> 'carrier', s.carrier);
    n.shipped_at := coalesce((p_changes ->> 'shippedAt')::timestamptz, s.shipped_at,
        CASE WHEN n.status <> 'pending' THEN now() END);
    n.delivered_at := coalesce((p_changes ->> 'deliveredAt')::timestamptz, s.delivered_at,
        CASE WHEN n.status = 'delivered' THEN greatest(now(), n.shipped_at) END);
    IF p_changes ? 'trackingNumber' THEN
        n.tracking_number := p_changes ->> 'trackingNumber';
    END IF;
    IF p_changes ? 'trackingUrl' THEN
        n.tracking_url := p_changes ->> 'trackingUrl';
    END IF;
    IF p_changes ? 'estimatedDelivery' THEN
        n.estimated_delivery := (p_changes ->> 'estimatedDelivery')::date;
    END IF;
    status := s.status;
    IF s.id IS NULL THEN
        outcome := 'not_found';
    ELSIF p_changes ? 'status' AND s.status <> ALL (p_from) THEN
        outcome := 'not_allowed';
    ELSIF n.status = 'pending' AND n.shipped_at IS NOT NULL
        OR n.status <> 'delivered' AND n.delivered_at IS NOT NULL
        OR n.delivered_at < n.shipped_at THEN
        outcome := 'bad_times';
    ELSE
        BEGIN
            UPDATE shipments t SET carrier = n.carrier, tracking_number = n.tracking_number,
                tracking_url = n.tracking_url, status = n.status, shipped_at = n.shipped_at,
                delivered_at = n.delivered_at, estimated_delivery = n.estimated_delivery
            WHERE t.id = p_id
            RETURNING shipment_document(t), t.status INTO STRICT body, status;
            outcome := 'updated';
            xid := pg_current_xact_id()::text;
            tags := announced_tags('{orders,shipments}');
        EXCEPTION WHEN unique_violation THEN
            outcome := 'tracking_taken';
        END;
    END IF;
    RETURN NEXT;
END $$;
