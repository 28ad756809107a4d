-- Lets a held session go on: the caller then asks the provider, as with one that has begun.
--   outcome: started; in_progress (somebody has let it go on and is asking the provider); not_allowed (status: where it is);
--   not_payable (status: the order's status or payment status, or order-changed); foreign_account, as above; not_found.
--   p_accounts: by gateway, where the money goes.
CREATE OR REPLACE FUNCTION payment_session_approve(p_organization uuid, p_id uuid, p_accounts jsonb, p_principal text, p_valid interval, p_lease interval)
RETURNS TABLE (outcome text, status text, order_id text, gateway text, amount text, currency text, return_url text, cancel_url text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
BEGIN
    SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization AND t.id = p_id
        AND (t.status <> 'creating' OR t.released_at IS NOT NULL) FOR UPDATE;
    status := payment_session_status(s.status, s.expires_at);
    IF s.id IS NULL THEN
        outcome := 'not_found';
    ELSIF status = 'creating' AND s.leased_until > now() THEN
        outcome := 'in_progress';
    ELSIF status NOT IN ('needs_review', 'creating') THEN
        outcome := 'not_allowed';
    ELSIF EXISTS (SELECT FROM orders t WHERE t.id = s.order_id AND not_payable(t, s.amount, s.currency) IS NOT NULL) THEN
        outcome := 'not_payable';
        status := (SELECT not_payable(t, s.amount, s.currency) FROM orders t WHERE t.id = s.order_id);
    ELSIF NOT account_serves(s.gateway, p_accounts ->> s.gateway, p_organization) OR s.account <> p_accounts ->> s.gateway THEN
        outcome := 'foreign_account';
    ELSE
        UPDATE payment_sessions t SET status = 'creating', released_by = p_principal, released_at = now(), expires_at = now() + p_valid,
            leased_until = now() + p_lease, updated_at = now()
        WHERE t.id = p_id;
        outcome := 'started';
        order_id := s.order_id::text;
        gateway := s.gateway;
        amount := money_text(s.amount, s.currency);
        currency := s.currency;
        return_url := s.return_url;
        cancel_url := coalesce(s.cancel_url, s.return_url);
    END IF;
    RETURN NEXT;
END $$;
