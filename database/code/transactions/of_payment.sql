-- The transactions of one payment, the oldest first, a thousand at most. No row: no such payment.
--   body: the JSON to send.
CREATE OR REPLACE FUNCTION transaction_of_payment(p_organization uuid, p_payment uuid)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object('items', coalesce((
        SELECT json_agg(transaction_document(t) ORDER BY t.created_at, t.id)
        FROM payment_transactions t WHERE t.id = ANY (ARRAY(SELECT f.id
            FROM payment_transactions f WHERE f.payment_id = p.id
            ORDER BY f.created_at, f.id LIMIT 1000))), '[]'))::text
    FROM payments p WHERE p.organization_id = p_organization AND p.id = p_payment;
END;
