-- Live orders as JSON, as they are sent. Reads and writes take the same view, so they can't differ.
-- A document holds nothing but data (no time of reading), so equal data is equal bytes. row_to_json
-- over a subselect keeps the order of the fields and writes no blanks.
CREATE OR REPLACE VIEW order_documents AS
SELECT o.organization_id, o.id, o.customer_id, o.version, (
    SELECT row_to_json(d) FROM (SELECT
        o.id,
        o.order_number AS "orderNumber",
        o.organization_id AS "organizationId",
        o.customer_id AS "customerId",
        o.status,
        o.payment_status AS "paymentStatus",
        o.currency,
        money_text(o.total_amount, o.currency) AS "totalAmount",
        array_to_json(ARRAY(
            SELECT row_to_json(l) FROM (SELECT
                i.sku,
                i.name,
                i.quantity,
                money_text(i.unit_price, i.currency) AS "unitPrice",
                money_text(i.line_total, i.currency) AS "lineTotal"
            FROM order_items i WHERE i.order_id = o.id ORDER BY i.position) AS l
        )) AS items,
        o.notes,
        o.shipping_address AS "shippingAddress",
        o.external_transaction_id AS "externalTransactionId",
        o.stock_state AS "stockState",
        o.version,
        time_text(o.created_at) AS "createdAt",
        time_text(o.updated_at) AS "updatedAt"
    ) AS d
) AS document
FROM orders o
WHERE o.deleted_at IS NULL;
