-- The invoices of live orders as JSON, with their credit notes. An order without an invoice has no
-- row. Names of EN 16931's terms stand in docs/decisions/invoices.md.
CREATE OR REPLACE VIEW order_invoice_documents AS
SELECT o.organization_id, o.id, o.customer_id, o.version, (
    SELECT row_to_json(d) FROM (SELECT
        n.id AS "invoiceId",
        n.order_id AS "orderId",
        n.order_number AS "orderNumber",
        'urn:cen.eu:en16931:2017#compliant#urn:efactura.mfinante.ro:CIUS-RO:1.0.1'
            AS "specificationId",
        '380' AS "typeCode",
        n.series,
        n.number,
        to_char(n.issue_date, 'YYYY-MM-DD') AS "issueDate",
        to_char(n.due_date, 'YYYY-MM-DD') AS "dueDate",
        (SELECT row_to_json(s) FROM (SELECT n.seller_name AS name, n.seller_cui AS cui,
            n.seller_trade_register AS "tradeRegister",
                n.seller_address AS address) AS s) AS seller,
        (SELECT row_to_json(b)
            FROM (SELECT n.buyer_name AS name, n.buyer_cui AS cui,
            coalesce(n.buyer_cui, repeat('0', 13)) AS "legalId",
            n.buyer_address AS address) AS b) AS buyer,
        n.currency,
        'RON' AS "taxCurrency",
        array_to_json(ARRAY(
            SELECT row_to_json(l) FROM (SELECT
                i.position,
                i.sku,
                i.name,
                i.quantity,
                'H87' AS unit,
                money_text(i.unit_price, i.currency) AS "unitPrice",
                trim_scale(round(i.net_amount / i.quantity, 8))::text AS "netUnitPrice",
                i.vat_category AS "vatCategory",
                i.vat_rate::text AS "vatRate",
                money_text(i.net_amount, i.currency) AS "netAmount",
                money_text(i.vat_amount, i.currency) AS "vatAmount",
                money_text(i.gross_amount, i.currency) AS "lineTotal"
            FROM invoice_lines i WHERE i.order_id = o.id ORDER BY i.position) AS l
        )) AS lines,
        n.vat_rate::text AS "vatRate",
        array_to_json(ARRAY(
            SELECT row_to_json(r) FROM (SELECT
                i.vat_category AS "vatCategory",
                i.vat_rate::text AS "vatRate",
                money_text(sum(i.net_amount), n.currency) AS "netAmount",
                money_text(sum(i.vat_amount), n.currency) AS "vatAmount"
            FROM invoice_lines i WHERE i.order_id = o.id
            GROUP BY i.vat_category, i.vat_rate ORDER BY i.vat_rate DESC) AS r
        )) AS "vatBreakdown",
        money_text(n.net_amount, n.currency) AS "netAmount",
        money_text(n.vat_amount, n.currency) AS "vatAmount",
        money_text(n.gross_amount, n.currency) AS "grossAmount",
        money_text(n.paid_amount, n.currency) AS "paidAmount",
        money_text(n.gross_amount - n.paid_amount, n.currency) AS "dueAmount",
        (SELECT row_to_json(m) FROM (SELECT n.payment_means AS code,
            n.payment_account AS account) AS m) AS "paymentMeans",
        trim_scale(n.ron_rate)::text AS "ronRate",
        n.vat_amount_ron::text AS "vatAmountRon",
        money_text((SELECT coalesce(sum(c.gross_amount), 0) FROM credit_notes c
            WHERE c.order_id = o.id), n.currency) AS "creditedAmount",
        array_to_json(ARRAY(SELECT credit_note_document(c) FROM credit_notes c
            WHERE c.order_id = o.id ORDER BY c.created_at, c.number)) AS "creditNotes"
    ) AS d
) AS document
FROM orders o
JOIN invoices n ON n.order_id = o.id
WHERE o.deleted_at IS NULL;
