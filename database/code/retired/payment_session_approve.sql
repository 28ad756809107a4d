-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. session_approve is the function now.
CREATE OR REPLACE FUNCTION payment_session_approve(
    p_organization uuid, p_id uuid, p_accounts jsonb, p_principal text, p_valid interval,
    p_lease interval)
RETURNS TABLE (outcome text, status text, order_id text, gateway text, amount text, currency text,
    return_url text, cancel_url text)
LANGUAGE sql
BEGIN ATOMIC
    SELECT s.outcome, s.status, s.order_id, s.gateway, s.amount, s.currency, s.return_url,
        s.cancel_url
    FROM session_approve(p_organization, p_id, p_accounts::text, p_principal,
        extract(epoch FROM p_valid)::bigint, extract(epoch FROM p_lease)::bigint) AS s;
END;
