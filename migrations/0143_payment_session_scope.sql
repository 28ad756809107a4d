-- Payment sessions: whoever changes one names its organisation and says what to forget; and one that was begun over another sum than the order
-- has now doesn't keep the order's place, nor does one that nothing has come of.

DROP FUNCTION payment_session_begin(uuid, uuid, uuid, text, text, text, text, text, text, uuid, interval, interval);

-- As in 0130.
--   xid, tags: what to forget of sessions whose place the new one takes, because their time is over, the order's sum is another now, or nothing has
--   come of them.
CREATE FUNCTION payment_session_begin(
    p_organization uuid, p_customer uuid, p_order uuid, p_gateway text, p_account text, p_return_url text, p_principal text, p_key text,
    p_body_hash text, p_id uuid, p_valid interval, p_lease interval)
RETURNS TABLE (outcome text, session text, body text, amount text, currency text, reason text, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
    o orders;
BEGIN
    tags := '{}';
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

    -- Two keys for one order take turns here.
    SELECT * INTO o FROM orders t WHERE t.organization_id = p_organization AND t.id = p_order AND t.deleted_at IS NULL
        AND (p_customer IS NULL OR t.customer_id = p_customer) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
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

DROP FUNCTION payment_session_created(uuid, text, text);

-- The provider has made its part: from here on the shopper can be sent there. No row: the session isn't being created anymore.
CREATE FUNCTION payment_session_created(p_organization uuid, p_id uuid, p_external text, p_redirect_url text)
RETURNS TABLE (body text) LANGUAGE plpgsql AS $$
BEGIN
    -- Before the row: an event of this order that is being applied comes to it, too.
    PERFORM payment_lock_orders((SELECT ARRAY[s.order_id::text] FROM payment_sessions s WHERE s.organization_id = p_organization AND s.id = p_id),
        false);
    RETURN QUERY UPDATE payment_sessions s SET status = 'awaiting_redirect', external_id = p_external, redirect_url = p_redirect_url, updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_id AND s.status = 'creating' AND s.expires_at > now()
    RETURNING payment_session_document(s);
END $$;

DROP FUNCTION payment_session_release(uuid);

-- The provider was away, and the caller has given up for now: the next one need not wait for the lease. The tags of what was shown.
CREATE FUNCTION payment_session_release(p_organization uuid, p_id uuid) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_sessions s SET leased_until = now(), updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_id AND s.status = 'creating';
    RETURN announced_tags();
END $$;

DROP FUNCTION payment_session_abandon(uuid);

-- Nothing came of it before a provider was asked, or the provider has said no: the key and the order's place are free again.
-- (One that an operator has let go on was shown, so it stays and has failed.)
CREATE FUNCTION payment_session_abandon(p_organization uuid, p_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM payment_sessions s WHERE s.organization_id = p_organization AND s.id = p_id AND s.status = 'creating' AND s.released_at IS NULL;
    UPDATE payment_sessions s SET status = 'failed', reason = 'refused', updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_id AND s.status = 'creating';
END $$;

DROP FUNCTION payment_session_hold(uuid, integer, text[], text, interval);

-- Holds a session that is being created. No row: it isn't being created anymore.
CREATE FUNCTION payment_session_hold(p_organization uuid, p_id uuid, p_score integer, p_signals text[], p_cancel_url text, p_valid interval)
RETURNS TABLE (body text) LANGUAGE sql
BEGIN ATOMIC
    UPDATE payment_sessions s SET status = 'needs_review', review_score = p_score, review_signals = p_signals, cancel_url = p_cancel_url,
        expires_at = now() + p_valid, updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_id AND s.status = 'creating' AND s.expires_at > now()
    RETURNING payment_session_document(s);
END;

DROP FUNCTION payment_sessions_sweep(integer);

-- As in 0130, with the tags of what was swept.
CREATE FUNCTION payment_sessions_sweep(p_limit integer) RETURNS TABLE (swept bigint, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_sessions s SET status = 'failed', reason = 'expired', updated_at = now()
    WHERE s.id IN (SELECT d.id FROM payment_sessions d
        WHERE d.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
            AND d.expires_at <= now() ORDER BY d.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS swept = ROW_COUNT;
    tags := announced_tags();
    RETURN NEXT;
END $$;
