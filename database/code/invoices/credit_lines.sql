-- The lines of a credit note; or why there is none. The order is locked.
--   p_request: as invoice_credit takes it.
--   lines: an array of {place, invoice_position, quantity, name, vat_category, vat_rate,
--     net_amount, gross_amount}. refused: NULL, or as invoice_credit says it.
-- Net amounts are shared out so that what is credited of a rate has as much net and VAT as is left
-- of it, at most, and the last credit note takes exactly the rest.
CREATE OR REPLACE FUNCTION invoice_credit_lines(p_invoice invoices, p_order orders, p_request jsonb,
    OUT lines jsonb, OUT refused text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    digits CONSTANT integer := minor_digits(p_invoice.currency);
    remaining CONSTANT numeric := p_invoice.gross_amount - coalesce((SELECT sum(c.gross_amount)
        FROM credit_notes c WHERE c.order_id = p_invoice.order_id), 0);
    wanted numeric := (p_request ->> 'amount')::numeric;
BEGIN
    IF p_request ->> 'lines' IS NOT NULL THEN
        SELECT min(CASE WHEN l.position IS NULL THEN 'unknown_line:' || w.place - 1
            ELSE 'too_many:' || w.place - 1 END)
        INTO refused
        FROM jsonb_array_elements(p_request -> 'lines') WITH ORDINALITY AS w (line, place)
        LEFT JOIN invoice_lines l ON l.order_id = p_invoice.order_id
            AND l.position = (w.line ->> 'position')::integer
        WHERE (w.line ->> 'quantity')::integer <= l.quantity - coalesce((SELECT sum(t.quantity)
            FROM credit_note_lines t WHERE t.order_id = l.order_id
                AND t.invoice_position = l.position), 0) IS NOT TRUE;
        IF refused IS NOT NULL THEN
            RETURN;
        END IF;
    ELSIF wanted IS NULL THEN
        wanted := CASE WHEN p_order.status = 'cancelled' THEN remaining
            ELSE least(remaining, coalesce((SELECT sum(p.refunded_amount) FROM payments p
                WHERE p.order_id = p_order.id AND p.currency = p_invoice.currency), 0)
                - (p_invoice.gross_amount - remaining)) END;
        IF wanted <= 0 THEN
            refused := 'nothing';
            RETURN;
        END IF;
    ELSIF NOT is_amount(wanted, p_invoice.currency) THEN
        refused := 'bad_amount';
        RETURN;
    END IF;
    IF wanted > remaining THEN
        refused := 'too_much';
        RETURN;
    END IF;

    WITH rates AS (
        -- Of each rate what is left.
        SELECT l.vat_category, l.vat_rate, sum(l.gross_amount) - coalesce(max(c.gross), 0) AS gross,
            sum(l.net_amount) - coalesce(max(c.net), 0) AS net
        FROM invoice_lines l
        LEFT JOIN LATERAL (SELECT sum(t.gross_amount) AS gross, sum(t.net_amount) AS net
            FROM credit_note_lines t WHERE t.order_id = l.order_id AND t.vat_rate = l.vat_rate
        ) AS c ON true
        WHERE l.order_id = p_invoice.order_id GROUP BY l.vat_category, l.vat_rate
    ), parts AS (
        SELECT l.position AS place, l.position AS invoice_position,
            (w ->> 'quantity')::integer AS quantity, l.name, l.vat_rate,
            (w ->> 'quantity')::integer * l.unit_price AS part
        FROM jsonb_array_elements(nullif(p_request -> 'lines', 'null')) AS w
        JOIN invoice_lines l ON l.order_id = p_invoice.order_id
            AND l.position = (w ->> 'position')::integer
        UNION ALL
        SELECT row_number() OVER by_rate, NULL, NULL, 'Amount credited', r.vat_rate,
            round(sum(r.gross) OVER by_rate * wanted / remaining, digits)
                - round((sum(r.gross) OVER by_rate - r.gross) * wanted / remaining, digits)
        FROM rates r WHERE wanted IS NOT NULL
        WINDOW by_rate AS (ORDER BY r.vat_rate DESC)
    ), summed AS (
        SELECT p.*, r.vat_category, r.gross AS gross_left, r.net AS net_left,
            sum(p.part) OVER (PARTITION BY p.vat_rate ORDER BY p.place) AS upto
        FROM parts p JOIN rates r ON r.vat_rate = p.vat_rate
    ), shared AS (
        SELECT s.*, least(s.net_left, greatest(round(s.upto * 100 / (100 + s.vat_rate), digits),
            s.upto - (s.gross_left - s.net_left))) AS net_upto
        FROM summed s
    )
    SELECT jsonb_agg(jsonb_build_object('place', t.place, 'invoice_position', t.invoice_position,
            'quantity', t.quantity, 'name', t.name, 'vat_category', t.vat_category,
            'vat_rate', t.vat_rate, 'net_amount', t.net, 'gross_amount', t.part) ORDER BY t.place)
            FILTER (WHERE t.part > 0 OR t.quantity IS NOT NULL),
        CASE WHEN bool_or(t.upto > t.gross_left) THEN 'too_much'
            WHEN sum(t.part) = 0 THEN 'nothing' END
    INTO lines, refused
    FROM (SELECT s.*, s.net_upto - lag(s.net_upto, 1, 0)
        OVER (PARTITION BY s.vat_rate ORDER BY s.place) AS net FROM shared s) AS t;
END $$;
