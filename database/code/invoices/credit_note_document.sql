-- A credit note as JSON.
CREATE OR REPLACE FUNCTION credit_note_document(c credit_notes) RETURNS json LANGUAGE sql STABLE
RETURN (SELECT row_to_json(d) FROM (SELECT
    c.id AS "creditNoteId",
    '381' AS "typeCode",
    c.series,
    c.number,
    to_char(c.issue_date, 'YYYY-MM-DD') AS "issueDate",
    c.reason,
    c.currency,
    array_to_json(ARRAY(
        SELECT row_to_json(t) FROM (SELECT
            l.position,
            l.invoice_position AS "invoicePosition",
            l.name,
            l.quantity,
            l.vat_category AS "vatCategory",
            l.vat_rate::text AS "vatRate",
            money_text(l.net_amount, l.currency) AS "netAmount",
            money_text(l.vat_amount, l.currency) AS "vatAmount",
            money_text(l.gross_amount, l.currency) AS "grossAmount"
        FROM credit_note_lines l WHERE l.credit_note_id = c.id ORDER BY l.position) AS t
    )) AS lines,
    money_text(c.net_amount, c.currency) AS "netAmount",
    money_text(c.vat_amount, c.currency) AS "vatAmount",
    money_text(c.gross_amount, c.currency) AS "grossAmount",
    trim_scale(c.ron_rate)::text AS "ronRate",
    c.vat_amount_ron::text AS "vatAmountRon") AS d);
