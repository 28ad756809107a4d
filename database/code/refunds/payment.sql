-- The payment of a refund that was asked for. No row: not found.
--   provider, account: where it was made.
CREATE OR REPLACE FUNCTION refund_payment(p_organization uuid, p_id uuid)
RETURNS TABLE (provider text, account text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p.provider, p.account FROM refund_requests r JOIN payments p ON p.id = r.payment_id
    WHERE r.organization_id = p_organization AND r.id = p_id;
END;
