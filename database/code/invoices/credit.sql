-- Issues a credit note on the invoice of an order, once per Idempotency-Key. All of them together
-- never credit more than the invoice: not of a line, not at a VAT rate.
--   p_request: {amount}, or {lines: [{position, quantity}]}, or neither; {reason?}; validated
--     before. An amount is shared out over the rates. With neither, all that is left is credited if
--     the order is cancelled, else what was refunded and isn't credited yet.
--   p_key: the Idempotency-Key. p_body_hash: of the request's body. p_id: the id to give.
--   outcome: issued; replay (body: the stored answer); mismatch (the key was used for another
--     body); not_found; no_invoice; nothing (neither was named, and nothing was refunded);
--     bad_amount (finer than the currency); too_much (more than is left); unknown_line:<index>;
--     too_many:<index> (more pieces than are left of the line). If none is issued, the key is free.
--   body: the JSON of the credit note.
--   xid: the transaction, NULL if nothing was written. tags: what to invalidate before the answer:
--     what the transaction announced, and what a repeated request finds done.
CREATE OR REPLACE FUNCTION invoice_credit(p_organization uuid, p_order uuid, p_request jsonb,
    p_principal text, p_key text, p_body_hash text, p_id uuid)
RETURNS TABLE (outcome text, body text, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    o orders;
    n invoices;
    v_lines jsonb;
    drawn record;
    sums record;
    v_route CONSTANT text := format('POST /orders/%s/invoice/credit-note', p_order);
BEGIN
    tags := '{}';
    PERFORM payment_actor(p_principal);
    -- Credit notes of one order take turns here.
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
    SELECT * INTO n FROM invoices i WHERE i.order_id = p_order;
    IF NOT FOUND THEN
        outcome := 'no_invoice';
    ELSE
        SELECT c.refused, c.lines INTO outcome, v_lines
        FROM invoice_credit_lines(n, o, p_request) AS c;
    END IF;
    IF outcome IS NULL THEN
        SELECT sum(l.net_amount) AS net, sum(l.gross_amount) AS gross INTO sums
        FROM jsonb_to_recordset(v_lines) AS l (net_amount numeric, gross_amount numeric);
        SELECT * INTO drawn FROM invoice_number(p_organization, 'credit_note') AS d;
        INSERT INTO credit_notes (id, order_id, organization_id, series, number, issue_date, reason,
            currency, net_amount, vat_amount, gross_amount, ron_rate, vat_amount_ron, created_at)
        VALUES (p_id, p_order, p_organization, drawn.series, drawn.number, drawn.issue_date,
            p_request ->> 'reason', n.currency, sums.net, sums.gross - sums.net, sums.gross,
            n.ron_rate, round((sums.gross - sums.net) * n.ron_rate, 2), clock_timestamp());
        INSERT INTO credit_note_lines (credit_note_id, order_id, position, invoice_position,
            quantity, name, currency, vat_category, vat_rate, net_amount, vat_amount, gross_amount)
        SELECT p_id, p_order, l.place, l.invoice_position, l.quantity, l.name, n.currency,
            l.vat_category, l.vat_rate, l.net_amount, l.gross_amount - l.net_amount, l.gross_amount
        FROM jsonb_to_recordset(v_lines) AS l (place integer, invoice_position integer,
            quantity integer, name text, vat_category text, vat_rate numeric, net_amount numeric,
            gross_amount numeric);
        SELECT credit_note_document(c)::text INTO STRICT body FROM credit_notes c
        WHERE c.id = p_id;
        PERFORM answer_idempotency_key(p_organization, p_principal, v_route, p_key,
            invoice_credit.body);
        outcome := 'issued';
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{orders,credit_notes,credit_note_lines}');
    ELSE
        PERFORM free_idempotency_key(p_organization, p_principal, v_route, p_key);
    END IF;
    RETURN NEXT;
END $$;
