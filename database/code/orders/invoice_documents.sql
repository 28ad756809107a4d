-- The invoices of live orders as JSON. An order without an invoice has no row.
CREATE OR REPLACE VIEW order_invoice_documents AS
SELECT o.organization_id, o.id, o.customer_id, o.version, (
    SELECT row_to_json(d) FROM (SELECT
        n.id AS "invoiceId",
        o.id AS "orderId",
        o.order_number AS "orderNumber",
        n.series,
        n.number,
        to_char(n.issue_date, 'YYYY-MM-DD') AS "issueDate",
        to_char(n.due_date, 'YYYY-MM-DD') AS "dueDate",
        (SELECT row_to_json(s) FROM (SELECT n.seller_name AS name, n.seller_cui AS cui,
            n.seller_trade_register AS "tradeRegister",
                n.seller_address AS address) AS s) AS seller,
        (SELECT row_to_json(b)
            FROM (SELECT n.buyer_name AS name, n.buyer_cui AS cui,
            n.buyer_address AS address) AS b) AS buyer,
        n.currency,
        array_to_json(ARRAY(
            SELECT row_to_json(l) FROM (SELECT
                i.sku,
                i.name,
                i.quantity,
                money_text(i.unit_price, i.currency) AS "unitPrice",
                money_text(i.line_total, i.currency) AS "lineTotal"
            FROM order_items i WHERE i.order_id = o.id ORDER BY i.position) AS l
        )) AS lines,
        n.vat_rate::text AS "vatRate",
        money_text(n.net_amount, n.currency) AS "netAmount",
        money_text(n.vat_amount, n.currency) AS "vatAmount",
        money_text(n.gross_amount, n.currency) AS "grossAmount",
        trim_scale(n.ron_rate)::text AS "ronRate",
        n.vat_amount_ron::text AS "vatAmountRon"
    ) AS d
) AS document
FROM orders o
JOIN invoices n ON n.order_id = o.id
WHERE o.deleted_at IS NULL;
