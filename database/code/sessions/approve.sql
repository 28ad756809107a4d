-- Lets a held session go on. The caller then asks the provider, as with a session that has begun.
--   p_accounts: a JSON object: by gateway, the accounts that there are credentials for.
--   p_valid: how many seconds the session is open.
--   p_lease: for how many seconds nobody else asks the provider.
--   outcome: started (ask the provider, then report); in_progress (somebody has let it go on and
--     is asking the provider); not_allowed (status: the session's); not_payable (status: the
--     order's status or payment status, or order-changed); foreign_account (it isn't this
--     organisation's, or there are no credentials for it); not_found.
--   With started: order_id, gateway, amount (a decimal number), currency, return_url, cancel_url,
--     flow, account.
--   xid, tags: the transaction and the session.
CREATE OR REPLACE FUNCTION session_approve(
    p_organization uuid, p_session uuid, p_accounts text, p_principal text, p_valid bigint,
    p_lease bigint)
RETURNS TABLE (outcome text, status text, order_id text, gateway text, amount text, currency text,
    return_url text, cancel_url text, flow text, xid text, tags text[], account text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
BEGIN
    PERFORM payment_actor(p_principal);
    SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization
        AND t.id = p_session
        AND (t.status <> 'creating' OR t.released_at IS NOT NULL) FOR UPDATE;
    status := session_status(s.status, s.expires_at);
    account := s.account;
    xid := pg_current_xact_id()::text;
    tags := ARRAY['session:' || p_organization || '/' || p_session];
    IF s.id IS NULL THEN
        outcome := 'not_found';
    ELSIF status = 'creating' AND s.leased_until > now() THEN
        outcome := 'in_progress';
    ELSIF status NOT IN ('needs_review', 'creating') THEN
        outcome := 'not_allowed';
    ELSIF EXISTS (SELECT FROM orders t WHERE t.id = s.order_id
        AND not_payable(t, s.amount, s.currency) IS NOT NULL) THEN
        outcome := 'not_payable';
        status := (SELECT not_payable(t, s.amount, s.currency) FROM orders t
            WHERE t.id = s.order_id);
    ELSIF NOT account_serves(s.gateway, s.account, p_organization)
        -- Of the release before, a text; a list holds it, too.
        OR s.account IS NOT NULL
            AND NOT coalesce(p_accounts::jsonb -> s.gateway @> to_jsonb(s.account), false) THEN
        outcome := 'foreign_account';
    ELSE
        UPDATE payment_sessions t SET status = 'creating', released_by = p_principal,
            released_at = now(), expires_at = now() + p_valid * interval '1 second',
            leased_until = now() + p_lease * interval '1 second', updated_at = now()
        WHERE t.id = p_session;
        outcome := 'started';
        order_id := s.order_id::text;
        gateway := s.gateway;
        amount := money_text(s.amount, s.currency);
        currency := s.currency;
        return_url := s.return_url;
        cancel_url := coalesce(s.cancel_url, s.return_url);
        flow := s.flow;
    END IF;
    RETURN NEXT;
END $$;
