-- As in 0143, but a request that comes again while the first is being begun is told so, and not that its own session takes the order's place.
CREATE OR REPLACE FUNCTION payment_session_begin(
    p_organization uuid, p_customer uuid, p_order uuid, p_gateway text, p_account text, p_return_url text, p_principal text, p_key text,
    p_body_hash text, p_id uuid, p_valid interval, p_lease interval)
RETURNS TABLE (outcome text, session text, body text, amount text, currency text, reason text, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
    o orders;
BEGIN
    tags := '{}';
    LOOP
        SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization AND t.principal = p_principal
            AND t.idempotency_key = p_key FOR UPDATE;
        IF FOUND THEN
            session := s.id::text;
            IF s.body_hash <> p_body_hash THEN
                outcome := 'mismatch';
            ELSIF s.status <> 'creating' OR s.expires_at <= now() THEN
                outcome := 'replay';
                body := payment_session_document(s);
            ELSIF s.leased_until > now() THEN
                outcome := 'in_progress';
            ELSIF NOT account_serves(s.gateway, p_account, p_organization) OR s.account <> p_account THEN
                outcome := 'foreign_account';
            ELSE
                SELECT not_payable(t, s.amount, s.currency) INTO reason FROM orders t WHERE t.id = s.order_id;
            END IF;
            IF reason IS NOT NULL THEN
                outcome := 'not_payable';
            ELSIF outcome IS NULL THEN
                -- Whoever asked the provider has died, or found it away: ask again, under the same id.
                UPDATE payment_sessions t SET leased_until = now() + p_lease, updated_at = now() WHERE t.id = s.id;
                outcome := 'started';
                amount := money_text(s.amount, s.currency);
                currency := s.currency;
            END IF;
            RETURN NEXT;
            RETURN;
        END IF;
        EXIT WHEN o.id IS NOT NULL;
        -- Who begins sessions of one order takes turns here. Somebody may have begun one with this key meanwhile.
        SELECT * INTO o FROM orders t WHERE t.organization_id = p_organization AND t.id = p_order AND t.deleted_at IS NULL
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
        -- What is paid through one of these all the same is recorded, and completed beats failed.
        UPDATE payment_sessions t SET status = 'failed', reason = CASE WHEN t.expires_at <= now() THEN 'expired' ELSE 'superseded' END,
            updated_at = now()
        WHERE t.order_id = p_order AND t.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
            AND (t.expires_at <= now() OR (t.amount, t.currency) <> (o.total_amount, o.currency)
                -- Nobody is asking the provider, and nobody was shown it: its maker has died or given up, and may have lost the key.
                OR t.status = 'creating' AND t.released_at IS NULL AND t.leased_until <= now());
        IF FOUND THEN
            xid := pg_current_xact_id()::text;
            tags := announced_tags();
        END IF;
        SELECT t.id::text INTO session FROM payment_sessions t
        WHERE t.order_id = p_order AND t.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback');
        IF FOUND THEN
            outcome := 'open_session';
        ELSE
            INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, account, amount, currency, principal,
                idempotency_key, body_hash, return_url, leased_until, expires_at)
            VALUES (p_id, p_organization, o.customer_id, p_order, p_gateway, p_account, o.total_amount, o.currency, p_principal, p_key,
                p_body_hash, p_return_url, now() + p_lease, now() + p_valid)
            ON CONFLICT (organization_id, principal, idempotency_key) DO NOTHING;
            IF FOUND THEN
                outcome := 'started';
                session := p_id::text;
                amount := money_text(o.total_amount, o.currency);
                currency := o.currency;
            ELSE
                -- The same key at the same moment, for another order.
                outcome := 'in_progress';
            END IF;
        END IF;
    END IF;
    RETURN NEXT;
END $$;
