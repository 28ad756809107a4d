-- Creating an order.

-- The tags that this transaction's triggers have written so far: what its writer must forget.
CREATE FUNCTION announced_tags() RETURNS text[] LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(array_agg(DISTINCT tag), '{}')
    FROM cache_invalidations i, unnest(i.tags) AS tag WHERE i.xid = pg_current_xact_id();
END;

-- The lines of a request with names and prices. A price comes from the product in the order's currency; one in the request goes
-- before it. index counts from 0, as in the request.
CREATE FUNCTION priced_lines(p_organization uuid, p_currency text, p_items jsonb)
RETURNS TABLE (index bigint, sku text, name text, quantity integer, unit_price numeric) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT l.place - 1, l.item ->> 'sku', p.name, (l.item ->> 'quantity')::integer,
        coalesce((l.item ->> 'unitPrice')::numeric, CASE WHEN p.currency = p_currency THEN p.price END)
    FROM jsonb_array_elements(p_items) WITH ORDINALITY AS l (item, place)
    LEFT JOIN LATERAL (
        SELECT p.name, p.currency, p.price FROM products p
        WHERE p.organization_id = p_organization AND p.sku = l.item ->> 'sku' AND p.active
        ORDER BY p.currency <> p_currency, p.currency LIMIT 1
    ) AS p ON true;
END;

-- See shared/spin-adapters/src/sql/order_create.sql.
CREATE FUNCTION order_create(p_organization uuid, p_request jsonb, p_principal text, p_key text, p_body_hash text, p_id uuid)
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    -- The largest sum that the application takes, too: 12 digits before the point.
    largest_total CONSTANT numeric := 999999999999.999;
    v_customer uuid := (p_request ->> 'customerId')::uuid;
    v_currency text := p_request ->> 'currency';
    v_total numeric;
    v_refused text;
    v_lines jsonb;
BEGIN
    SELECT k.outcome, k.body, k.version INTO outcome, body, version
    FROM take_idempotency_key(p_organization, p_principal, 'POST /orders', p_key, p_body_hash) AS k;
    tags := '{}';
    IF outcome <> 'taken' THEN
        IF outcome = 'replay' THEN
            -- Whoever made it may not have got to invalidating: an answer that says "it is there" vouches for every later read.
            tags := order_tags(p_organization, (body::json ->> 'id')::uuid, v_customer, body::json ->> 'status');
        END IF;
        RETURN NEXT;
        RETURN;
    END IF;

    -- Waits for a deletion of the customer that is under way.
    PERFORM FROM customers c WHERE c.organization_id = p_organization AND c.id = v_customer FOR KEY SHARE;
    IF NOT FOUND THEN
        v_refused := 'unknown_customer';
    ELSE
        SELECT sum(l.quantity * l.unit_price), jsonb_agg(to_jsonb(l) ORDER BY l.index),
            min(l.index) FILTER (WHERE l.name IS NULL OR l.unit_price IS NULL)
        INTO v_total, v_lines, v_refused
        FROM priced_lines(p_organization, v_currency, p_request -> 'items') AS l;
        IF v_refused IS NOT NULL THEN
            v_refused := CASE WHEN v_lines -> v_refused::integer ->> 'name' IS NULL THEN 'unknown_sku:' ELSE 'no_price:' END || v_refused;
        ELSIF v_total > largest_total THEN
            v_refused := 'total_too_large';
        END IF;
    END IF;
    IF v_refused IS NOT NULL THEN
        -- Nothing was done, so the key is free again.
        DELETE FROM idempotency_keys k
        WHERE k.principal = p_principal AND k.route = 'POST /orders' AND k.key = p_key AND k.organization_id = p_organization;
        outcome := v_refused;
        RETURN NEXT;
        RETURN;
    END IF;

    INSERT INTO orders (id, organization_id, customer_id, payment_status, currency, total_amount, notes, shipping_address)
    VALUES (p_id, p_organization, v_customer, CASE WHEN v_total = 0 THEN 'none_required' ELSE 'unpaid' END, v_currency, v_total,
        p_request ->> 'notes', nullif(p_request -> 'shippingAddress', 'null'));
    INSERT INTO order_items (order_id, organization_id, customer_id, position, sku, name, quantity, currency, unit_price)
    SELECT p_id, p_organization, v_customer, l.index + 1, l.sku, l.name, l.quantity, v_currency, l.unit_price
    FROM jsonb_to_recordset(v_lines) AS l (index integer, sku text, name text, quantity integer, unit_price numeric);

    SELECT d.document::text, d.version INTO STRICT body, version
    FROM order_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
    UPDATE idempotency_keys k SET body = order_create.body, version = order_create.version
    WHERE k.principal = p_principal AND k.route = 'POST /orders' AND k.key = p_key AND k.organization_id = p_organization;
    outcome := 'created';
    xid := pg_current_xact_id()::text;
    tags := announced_tags();
    RETURN NEXT;
END $$;
