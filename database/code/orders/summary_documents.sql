-- The summaries of live orders as JSON.
CREATE OR REPLACE VIEW order_summary_documents AS
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
