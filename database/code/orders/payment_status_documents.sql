-- The payments of live orders as JSON.
--   paidAmount: all that was captured, even if it went back later.
--   refundedAmount: the sum that went back, by refunds, reversals or lost disputes.
-- Both count only payments in the order's currency. The provider's account is not shown.
--   payments[].disputes: as payment_object_outcomes gives them.
CREATE OR REPLACE VIEW order_payment_status_documents AS
SELECT o.organization_id, o.id, o.customer_id, o.version, (
    SELECT row_to_json(d) FROM (SELECT
        o.id AS "orderId",
        o.payment_status AS "paymentStatus",
        o.currency,
        money_text(o.total_amount, o.currency) AS "totalAmount",
        money_text(paid.captured, o.currency) AS "paidAmount",
        money_text(paid.returned, o.currency) AS "refundedAmount",
        array_to_json(ARRAY(
            SELECT row_to_json(l) FROM (SELECT
                p.id,
                p.provider,
                p.external_id AS "externalId",
                p.status,
                p.currency,
                money_text(p.amount, p.currency) AS amount,
                money_text(p.refunded_amount, p.currency) AS "refundedAmount",
                p.disputes,
                time_text(p.captured_at) AS "capturedAt",
                time_text(p.created_at) AS "createdAt",
                time_text(p.updated_at) AS "updatedAt"
            FROM payments p WHERE p.order_id = o.id ORDER BY p.created_at, p.id) AS l
        )) AS payments,
        time_text(o.updated_at) AS "updatedAt"
    FROM (
        SELECT coalesce(sum(p.amount) FILTER (WHERE p.captured_at IS NOT NULL), 0) AS captured,
            coalesce(sum(p.refunded_amount), 0) AS returned
        FROM payments p WHERE p.order_id = o.id AND p.currency = o.currency
    ) AS paid) AS d
) AS document
FROM orders o
WHERE o.deleted_at IS NULL;
