-- Orders as JSON, as they are sent: one view, so that reads and writes can't differ. Only live orders.
-- Each row has the keys to find it by, and document; nothing in it but the data (no time of reading), so equal data is equal bytes.
-- row_to_json over a subselect keeps the order of the fields and writes no blanks.

CREATE VIEW order_documents AS
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
        o.version,
        time_text(o.created_at) AS "createdAt",
        time_text(o.updated_at) AS "updatedAt"
    ) AS d
) AS document
FROM orders o
WHERE o.deleted_at IS NULL;

CREATE VIEW order_summary_documents AS
SELECT o.organization_id, o.id, o.customer_id, o.version, (
    SELECT row_to_json(d) FROM (SELECT
        o.id,
        o.order_number AS "orderNumber",
        o.status,
        o.payment_status AS "paymentStatus",
        o.currency,
        money_text(o.total_amount, o.currency) AS "totalAmount",
        -- Lines, not pieces: as many as the order has items.
        (SELECT count(*) FROM order_items i WHERE i.order_id = o.id) AS "itemCount",
        o.version,
        time_text(o.created_at) AS "createdAt",
        time_text(o.updated_at) AS "updatedAt"
    ) AS d
) AS document
FROM orders o
WHERE o.deleted_at IS NULL;

-- The line of one order in a bulk read or change.
CREATE VIEW order_status_documents AS
SELECT o.organization_id, o.id, o.customer_id, o.version, (
    SELECT row_to_json(d) FROM (SELECT
        o.id,
        o.status,
        o.payment_status AS "paymentStatus",
        o.version,
        time_text(o.updated_at) AS "updatedAt"
    ) AS d
) AS document
FROM orders o
WHERE o.deleted_at IS NULL;
