-- Begins a payment session, or finds what this Idempotency-Key has begun. The caller then asks the
-- provider, with the session's id as the idempotent request id, and reports by session_created.
--   p_customer: the order must be this customer's; NULL for any.
--   p_account: the account at the gateway that gets the money; NULL for gateway other.
--   p_key: the Idempotency-Key. p_body_hash: of the request's body. p_id: the id to give.
--   p_valid: how many seconds the session is open.
--   p_lease: for how many seconds nobody else asks the provider.
--   p_flow: redirect or embedded, as in payment_sessions.
--   outcome: started (ask the provider); in_progress (somebody else is asking); replay (body: the
--     session); mismatch (same key, another body); unknown_order; not_payable (reason: the order's
--     status or payment status, or order-changed); foreign_account (it isn't this organisation's,
--     or not the one that the session was begun with); open_session (session: the open one).
--   amount: a decimal number. released: 1 if an operator has let the session go on, else 0.
--   With started, the facts of session_facts: sessions_last_hour, failed_last_day, paid_before,
--     percent_of_largest. fraud: the judgement, if the session was judged before, as
--     payment_sessions.fraud. And resting_ms: for how long the provider is to be left alone.
--   xid, tags: the transaction, and the sessions whose place this one takes: their time is over,
--     the order has another sum by now, or nothing has come of them.
CREATE OR REPLACE FUNCTION session_begin(
    p_organization uuid, p_customer uuid, p_order uuid, p_gateway text, p_account text,
    p_return_url text, p_principal text, p_key text, p_body_hash text, p_id uuid,
    p_valid bigint, p_lease bigint, p_flow text DEFAULT 'redirect')
RETURNS TABLE (outcome text, session text, body text, amount text, currency text, reason text,
    released integer, sessions_last_hour bigint, failed_last_day bigint, paid_before bigint,
    percent_of_largest bigint, fraud text, resting_ms bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
    o orders;
    v_lease CONSTANT interval := p_lease * interval '1 second';
BEGIN
    tags := '{}';
    released := 0;
    PERFORM payment_actor(p_principal);
    LOOP
        SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization
            AND t.principal = p_principal
            AND t.idempotency_key = p_key FOR UPDATE;
        IF FOUND THEN
            session := s.id::text;
            released := (s.released_at IS NOT NULL)::integer;
            IF s.body_hash <> p_body_hash THEN
                outcome := 'mismatch';
            ELSIF s.status <> 'creating' OR s.expires_at <= now() THEN
                outcome := 'replay';
                body := session_document(s);
            ELSIF s.leased_until > now() THEN
                outcome := 'in_progress';
            ELSIF NOT account_serves(s.gateway, p_account, p_organization)
                OR s.account <> p_account THEN
                outcome := 'foreign_account';
            ELSE
                SELECT not_payable(t, s.amount, s.currency) INTO reason FROM orders t
                    WHERE t.id = s.order_id;
            END IF;
            IF reason IS NOT NULL THEN
                outcome := 'not_payable';
            ELSIF outcome IS NULL THEN
                -- The caller that asked the provider has died, or found it away: ask again, under
                -- the same id.
                UPDATE payment_sessions t SET leased_until = now() + v_lease, updated_at = now()
                    WHERE t.id = s.id;
                outcome := 'started';
                fraud := s.fraud::text;
                resting_ms := provider_resting(p_gateway);
                amount := money_text(s.amount, s.currency);
                currency := s.currency;
                SELECT f.* INTO sessions_last_hour, failed_last_day, paid_before,
                    percent_of_largest
                FROM session_facts(p_organization, p_order, p_customer, s.id) AS f;
            END IF;
            RETURN NEXT;
            RETURN;
        END IF;
        EXIT WHEN o.id IS NOT NULL;
        -- Callers that begin sessions of one order take turns here. One of them may have begun a
        -- session with this key meanwhile.
        SELECT * INTO o FROM orders t WHERE t.organization_id = p_organization AND t.id = p_order
            AND t.deleted_at IS NULL
            AND (p_customer IS NULL OR t.customer_id = p_customer) FOR NO KEY UPDATE;
        EXIT WHEN NOT FOUND;
    END LOOP;
    IF o.id IS NULL THEN
        outcome := 'unknown_order';
    ELSIF not_payable(o) IS NOT NULL THEN
        outcome := 'not_payable';
        reason := not_payable(o);
    ELSIF NOT account_serves(p_gateway, p_account, p_organization) THEN
        outcome := 'foreign_account';
    ELSE
        -- A payment through one of these is recorded all the same, and completed beats failed.
        UPDATE payment_sessions t SET status = 'failed', reason = CASE WHEN t.expires_at <= now()
            THEN 'expired' ELSE 'superseded' END,
            updated_at = now()
        WHERE t.order_id = p_order
            AND t.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
            AND (t.expires_at <= now() OR (t.amount, t.currency) <> (o.total_amount, o.currency)
                -- Nobody is asking the provider, and nobody was shown it: its maker has died or
                -- given up, and may have lost the key.
                OR t.status = 'creating' AND t.released_at IS NULL AND t.leased_until <= now());
        IF FOUND THEN
            xid := pg_current_xact_id()::text;
            tags := announced_tags('{payment_sessions}');
        END IF;
        SELECT t.id::text, (t.released_at IS NOT NULL)::integer INTO session, released
        FROM payment_sessions t
        WHERE t.order_id = p_order
            AND (t.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
                -- Its payment is being captured, although its own time is over.
                OR t.status <> 'completed' AND approval_under_way(t.id))
        LIMIT 1;
        IF FOUND THEN
            outcome := 'open_session';
        ELSE
            released := 0;
            INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway,
                account, amount, currency, principal,
                idempotency_key, body_hash, return_url, leased_until, expires_at, flow)
            VALUES (p_id, p_organization, o.customer_id, p_order, p_gateway, p_account,
                o.total_amount, o.currency, p_principal, p_key,
                p_body_hash, p_return_url, now() + v_lease, now() + p_valid * interval '1 second',
                p_flow)
            ON CONFLICT (organization_id, principal, idempotency_key) DO NOTHING;
            IF FOUND THEN
                outcome := 'started';
                resting_ms := provider_resting(p_gateway);
                session := p_id::text;
                amount := money_text(o.total_amount, o.currency);
                currency := o.currency;
                SELECT f.* INTO sessions_last_hour, failed_last_day, paid_before,
                    percent_of_largest
                FROM session_facts(p_organization, p_order, p_customer, p_id) AS f;
            ELSE
                -- The same key at the same moment, for another order.
                outcome := 'in_progress';
            END IF;
        END IF;
    END IF;
    RETURN NEXT;
END $$;
