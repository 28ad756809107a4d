-- Checks, when the transaction commits, the sums of an order's invoice: it comes to the order's
-- total and to its lines; its credit notes come to their lines, and together to no more than it. So
-- the total of an order that has an invoice stays.
CREATE OR REPLACE FUNCTION invoice_check_sums() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    touched uuid;
    n invoices;
    wrong text;
BEGIN
    IF TG_TABLE_NAME = 'orders' THEN
        touched := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        touched := OLD.order_id;
    ELSE
        touched := NEW.order_id;
    END IF;
    SELECT * INTO n FROM invoices i WHERE i.order_id = touched;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT CASE
        WHEN n.gross_amount <> (SELECT o.total_amount FROM orders o WHERE o.id = touched)
            THEN 'the total of its order'
        WHEN (n.net_amount, n.vat_amount, n.gross_amount) IS DISTINCT FROM
            (SELECT (sum(l.net_amount), sum(l.vat_amount), sum(l.gross_amount))
            FROM invoice_lines l WHERE l.order_id = touched) THEN 'the sum of its lines'
        WHEN EXISTS (SELECT FROM credit_notes c
            LEFT JOIN LATERAL (SELECT sum(l.net_amount) AS net, sum(l.vat_amount) AS vat
                FROM credit_note_lines l WHERE l.credit_note_id = c.id) AS s ON true
            WHERE c.order_id = touched
                AND (c.net_amount, c.vat_amount) IS DISTINCT FROM (s.net, s.vat))
            THEN 'the sums of its credit notes'' lines'
        WHEN EXISTS (SELECT FROM credit_notes c WHERE c.order_id = touched
            HAVING sum(c.net_amount) > n.net_amount OR sum(c.vat_amount) > n.vat_amount)
            THEN 'the most that may be credited'
    END INTO wrong;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the invoice of order % is not %', touched, wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_sums', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
