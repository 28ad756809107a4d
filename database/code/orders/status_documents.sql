-- The lines of live orders in a bulk read or change, as JSON.
CREATE OR REPLACE VIEW order_status_documents AS
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
