-- A shipment as JSON.
CREATE OR REPLACE FUNCTION shipment_document(s shipments) RETURNS text LANGUAGE sql STABLE
RETURN (SELECT row_to_json(d)::text FROM (SELECT
    s.id,
    s.order_id AS "orderId",
    s.carrier,
    s.tracking_number AS "trackingNumber",
    s.tracking_url AS "trackingUrl",
    s.status,
    time_text(s.shipped_at) AS "shippedAt",
    time_text(s.delivered_at) AS "deliveredAt",
    to_char(s.estimated_delivery, 'YYYY-MM-DD') AS "estimatedDelivery",
    time_text(s.created_at) AS "createdAt") AS d);
