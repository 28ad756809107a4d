-- The summaries of live orders as JSON. What they show of customers is what
-- announce_customer_profiles looks at.
CREATE OR REPLACE VIEW order_summary_documents AS
SELECT o.organization_id, o.id, o.customer_id, o.version, (
    SELECT row_to_json(d) FROM (SELECT
        o.id,
        o.order_number AS "orderNumber",
        (SELECT row_to_json(b) FROM (SELECT c.id, c.name,
            c.company_name AS "companyName") AS b) AS customer,
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
JOIN customers c ON c.organization_id = o.organization_id AND c.id = o.customer_id
WHERE o.deleted_at IS NULL;
