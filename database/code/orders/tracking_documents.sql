-- The places of live orders' parcels as JSON.
CREATE OR REPLACE VIEW order_tracking_documents AS
SELECT o.organization_id, o.id, o.customer_id, o.version, (
    SELECT row_to_json(d) FROM (SELECT
        o.id AS "orderId",
        o.order_number AS "orderNumber",
        o.status,
        o.shipping_address AS "shippingAddress",
        array_to_json(ARRAY(
            SELECT row_to_json(l) FROM (SELECT
                s.id,
                s.carrier,
                s.tracking_number AS "trackingNumber",
                s.tracking_url AS "trackingUrl",
                s.status,
                time_text(s.shipped_at) AS "shippedAt",
                time_text(s.delivered_at) AS "deliveredAt",
                to_char(s.estimated_delivery, 'YYYY-MM-DD') AS "estimatedDelivery"
            FROM shipments s WHERE s.order_id = o.id ORDER BY s.created_at, s.id) AS l
        )) AS shipments,
        time_text(o.updated_at) AS "updatedAt"
    ) AS d
) AS document
FROM orders o
WHERE o.deleted_at IS NULL;
