-- Creates an order, once per Idempotency-Key.
--   p_request: {customerId, currency, items: [{sku, quantity, unitPrice?}], notes?,
--     shippingAddress?}, validated before.
--   p_key: the Idempotency-Key. p_body_hash: of the request's body. p_id: the id to give.
--   p_inventory: own or off: whether stock is kept here. NULL: articles that are counted are.
--   outcome: created; replay (body, version: the stored answer); mismatch (the key was used for
--     another body); unknown_customer; unknown_sku:<index>; no_price:<index> (no price in this
--     currency); total_too_large; unreserved (stock is a
--     product-service's, and nothing is held of these lines). If no order is created, the key is
--     free.
--   body: the JSON of the order as it was created. version: its version.
--   xid: the transaction, NULL if nothing was written. tags: what to invalidate before the answer:
--     what the transaction announced, and what a repeated request finds done.
CREATE OR REPLACE FUNCTION order_create(p_organization uuid, p_request jsonb, p_principal text,
    p_key text, p_body_hash text, p_id uuid, p_inventory text DEFAULT NULL)
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_customer uuid := (p_request ->> 'customerId')::uuid;
    v_currency text := p_request ->> 'currency';
    v_total numeric;
    v_refused text;
    v_lines jsonb;
BEGIN
    SELECT k.outcome, k.body, k.version INTO outcome, body, version
    FROM take_idempotency_key(p_organization, p_principal, 'POST /orders', p_key, p_body_hash) AS k;
    tags := '{}';
    PERFORM payment_actor(p_principal);
    IF outcome <> 'taken' THEN
        IF outcome = 'replay' THEN
            -- The first request may never have got to invalidating. An answer that says "it is
            -- there" vouches for every later read.
            tags := order_tags(p_organization, (body::json ->> 'id')::uuid, v_customer,
                body::json ->> 'status');
        END IF;
        RETURN NEXT;
        RETURN;
    END IF;

    -- Waits for a deletion of the customer that is under way.
    PERFORM FROM customers c WHERE c.organization_id = p_organization AND c.id = v_customer
        FOR KEY SHARE;
    IF NOT FOUND THEN
        v_refused := 'unknown_customer';
    ELSE
        SELECT l.lines, l.total, l.refused INTO v_lines, v_total, v_refused
        FROM order_lines(p_organization, v_currency, p_request -> 'items') AS l;
        IF v_refused IS NULL AND p_inventory = 'service' AND NOT stock_hold_attach(p_organization,
            p_principal, p_key, p_id, v_lines, v_total > 0) THEN
            v_refused := 'unreserved';
        END IF;
    END IF;
    IF v_refused IS NOT NULL THEN
        -- Nothing was done, so the key is free again.
        PERFORM free_idempotency_key(p_organization, p_principal, 'POST /orders', p_key);
        outcome := v_refused;
        RETURN NEXT;
        RETURN;
    END IF;

    INSERT INTO orders (id, organization_id, customer_id, payment_status, currency, total_amount,
        notes, shipping_address, stock_state)
    VALUES (p_id, p_organization, v_customer, CASE WHEN v_total = 0 THEN 'none_required'
        ELSE 'unpaid' END, v_currency, v_total,
        p_request ->> 'notes', nullif(p_request -> 'shippingAddress', 'null'),
        -- Later changes of the hold come by its trigger, stock_hold_show.
        CASE WHEN p_inventory = 'service' THEN (SELECT h.state FROM stock_holds h
            WHERE h.order_id = p_id AND h.state = 'optimistic') END);
    PERFORM order_put_items(p_id, v_lines, p_inventory);

    SELECT d.document::text, d.version INTO STRICT body, version
    FROM order_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
    PERFORM answer_idempotency_key(p_organization, p_principal, 'POST /orders', p_key,
        order_create.body, order_create.version);
    outcome := 'created';
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{orders}');
    RETURN NEXT;
END $$;
