-- Issues the invoice of an order, once: a second call finds the first one's.
--   p_due_days: from its date to the day at which it is due.
--   p_ron_rate: lei for one unit of the order's currency; NULL for an order in lei.
--   p_principal: the caller, for the audit. p_id: the id to give.
--   outcome: issued; found (it was there); not_found; cancelled (the order is); nothing (the order
--     costs nothing); no_rate (the order is in another currency than lei).
--   body: the JSON of the invoice, as a read gives it.
--   xid: the transaction, NULL if nothing was written. tags: what to invalidate before the answer:
--     what the transaction announced, and what a repeated request finds done.
-- The number is drawn last, so that its row is locked for as short a time as may be.
CREATE OR REPLACE FUNCTION invoice_issue(p_organization uuid, p_order uuid, p_due_days integer,
    p_ron_rate text, p_principal text, p_id uuid)
RETURNS TABLE (outcome text, body text, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    o orders;
    seller organizations;
    buyer customers;
    paid record;
    sums record;
    drawn record;
    v_rate numeric;
BEGIN
    tags := '{}';
    PERFORM payment_actor(p_principal);
    SELECT * INTO o FROM orders t
    WHERE t.organization_id = p_organization AND t.id = p_order AND t.deleted_at IS NULL
    FOR NO KEY UPDATE;
    v_rate := CASE WHEN o.currency = 'RON' THEN 1 ELSE p_ron_rate::numeric END;
    IF o.id IS NULL THEN
        outcome := 'not_found';
    ELSIF EXISTS (SELECT FROM invoices n WHERE n.order_id = p_order) THEN
        outcome := 'found';
        -- The call that issued it may not have got to invalidating.
        tags := order_tags(p_organization, p_order, o.customer_id, o.status);
    ELSIF o.status = 'cancelled' THEN
        outcome := 'cancelled';
    ELSIF o.total_amount = 0 THEN
        outcome := 'nothing';
    ELSIF v_rate IS NULL THEN
        outcome := 'no_rate';
    ELSE
        SELECT * INTO STRICT seller FROM organizations g WHERE g.id = p_organization;
        SELECT * INTO STRICT buyer FROM customers c
        WHERE c.organization_id = p_organization AND c.id = o.customer_id;
        SELECT least(coalesce(sum(p.amount - p.refunded_amount), 0), o.total_amount) AS amount,
            (array_agg(p.provider ORDER BY p.amount DESC, p.id))[1] AS provider
        INTO paid FROM payments p
        WHERE p.order_id = p_order AND p.currency = o.currency AND p.captured_at IS NOT NULL;
        SELECT sum(l.net_amount) AS net, sum(l.vat_amount) AS vat,
            CASE WHEN min(l.vat_rate) = max(l.vat_rate) THEN min(l.vat_rate) END AS rate
        INTO sums FROM invoice_order_lines(o) AS l;
        SELECT * INTO drawn FROM invoice_number(p_organization, 'invoice') AS d;
        INSERT INTO invoices (id, order_id, organization_id, customer_id, order_number, series,
            number, issue_date, due_date, seller_name, seller_cui, seller_trade_register,
            seller_address, buyer_name, buyer_cui, buyer_address, currency, vat_rate, net_amount,
            vat_amount, gross_amount, ron_rate, vat_amount_ron, payment_means, payment_account,
            paid_amount, created_at)
        VALUES (p_id, p_order, p_organization, o.customer_id, o.order_number, drawn.series,
            drawn.number, drawn.issue_date, drawn.issue_date + p_due_days, seller.legal_name,
            seller.cui, seller.trade_register, seller.address,
            coalesce(buyer.company_name, buyer.name), buyer.cui, buyer.address, o.currency,
            sums.rate, sums.net, sums.vat, o.total_amount, v_rate, round(sums.vat * v_rate, 2),
            -- UNTDID 4461: 48 a card, 68 an online payment service, 30 a transfer, 1 otherwise.
            CASE WHEN paid.provider = 'stripe' THEN '48' WHEN paid.provider = 'paypal' THEN '68'
                WHEN paid.provider IS NULL AND seller.iban IS NOT NULL THEN '30' ELSE '1' END,
            CASE WHEN paid.provider IS NULL THEN seller.iban END, paid.amount, clock_timestamp());
        INSERT INTO invoice_lines (order_id, position, sku, name, quantity, currency, unit_price,
            vat_category, vat_rate, net_amount, vat_amount, gross_amount)
        SELECT p_order, l.place, l.sku, l.name, l.quantity, o.currency, l.unit_price,
            l.vat_category, l.vat_rate, l.net_amount, l.vat_amount, l.gross_amount
        FROM invoice_order_lines(o) AS l;
        outcome := 'issued';
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{orders,invoices,invoice_lines}');
    END IF;
    IF outcome IN ('issued', 'found') THEN
        SELECT d.document::text INTO STRICT body FROM order_invoice_documents d
        WHERE d.organization_id = p_organization AND d.id = p_order;
    END IF;
    RETURN NEXT;
END $$;
