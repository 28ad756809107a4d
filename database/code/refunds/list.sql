-- The refunds that were asked for of one payment, the newest first. No row: no such payment.
--   body: the JSON to send.
CREATE OR REPLACE FUNCTION refund_list(p_organization uuid, p_payment uuid)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object('items', coalesce((
        SELECT json_agg(refund_document(r)::json ORDER BY r.created_at DESC, r.id)
        FROM refund_requests r WHERE r.payment_id = p.id), '[]'))::text
    FROM payments p WHERE p.organization_id = p_organization AND p.id = p_payment;
END;
