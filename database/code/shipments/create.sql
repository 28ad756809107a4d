-- Adds a shipment to an order, once per Idempotency-Key. The order's status stays: an order may
-- have several parcels, and what a status brings about is the shop's to begin.
--   p_request: {carrier, trackingNumber?, trackingUrl?, status, shippedAt?, deliveredAt?,
--     estimatedDelivery?}, validated before. A time that its status needs and that isn't named is
--     now.
--   p_key: the Idempotency-Key. p_body_hash: of the request's body. p_id: the id to give.
--   outcome: created; replay (body: the stored answer); mismatch (the key was used for another
--     body); not_found; cancelled (the order is); tracking_taken (another shipment of the
--     organisation has the carrier's number); bad_times (delivered before it was shipped). If no
--     shipment is created, the key is free.
--   body: the JSON of the shipment as it was created.
--   xid: the transaction, NULL if nothing was written. tags: what to invalidate before the answer:
--     what the transaction announced, and what a repeated request finds done.
CREATE OR REPLACE FUNCTION shipment_create(p_organization uuid, p_order uuid, p_request jsonb,
    p_principal text, p_key text, p_body_hash text, p_id uuid)
RETURNS TABLE (outcome text, body text, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    o orders;
    s shipments;
    v_route CONSTANT text := format('POST /orders/%s/shipments', p_order);
BEGIN
    tags := '{}';
    PERFORM payment_actor(p_principal);
    SELECT * INTO o FROM orders t
    WHERE t.organization_id = p_organization AND t.id = p_order AND t.deleted_at IS NULL
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT k.outcome, k.body INTO outcome, body
    FROM take_idempotency_key(p_organization, p_principal, v_route, p_key, p_body_hash) AS k;
    IF outcome <> 'taken' THEN
        IF outcome = 'replay' THEN
            -- The first request may never have got to invalidating.
            tags := order_tags(p_organization, p_order, o.customer_id, o.status);
        END IF;
        RETURN NEXT;
        RETURN;
    END IF;
    s.status := p_request ->> 'status';
    IF s.status <> 'pending' THEN
        s.shipped_at := coalesce((p_request ->> 'shippedAt')::timestamptz, now());
    END IF;
    IF s.status = 'delivered' THEN
        s.delivered_at := coalesce((p_request ->> 'deliveredAt')::timestamptz,
            greatest(now(), s.shipped_at));
    END IF;
    IF o.status = 'cancelled' THEN
        outcome := 'cancelled';
    ELSIF s.delivered_at < s.shipped_at THEN
        outcome := 'bad_times';
    ELSE
        INSERT INTO shipments (id, order_id, organization_id, customer_id, carrier, tracking_number,
            tracking_url, status, shipped_at, delivered_at, estimated_delivery)
        VALUES (p_id, p_order, p_organization, o.customer_id, p_request ->> 'carrier',
            p_request ->> 'trackingNumber', p_request ->> 'trackingUrl', s.status, s.shipped_at,
            s.delivered_at, (p_request ->> 'estimatedDelivery')::date)
        ON CONFLICT ON CONSTRAINT shipments_tracking_number DO NOTHING;
        outcome := CASE WHEN FOUND THEN 'created' ELSE 'tracking_taken' END;
    END IF;
    IF outcome = 'created' THEN
        SELECT shipment_document(t) INTO STRICT body FROM shipments t WHERE t.id = p_id;
        PERFORM answer_idempotency_key(p_organization, p_principal, v_route, p_key,
            shipment_create.body);
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{orders,shipments}');
    ELSE
        PERFORM free_idempotency_key(p_organization, p_principal, v_route, p_key);
    END IF;
    RETURN NEXT;
END $$;
