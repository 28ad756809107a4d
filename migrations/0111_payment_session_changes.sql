-- Payment sessions from beginning to end. Each change is a compare-and-set.

-- A session as it is shown.
CREATE FUNCTION payment_session_document(s payment_sessions) RETURNS text LANGUAGE sql STABLE
RETURN json_build_object(
    'id', s.id,
    'orderId', s.order_id,
    'orderTotal', money_text(s.amount, s.currency),
    'currency', s.currency,
    'paymentGateway', s.gateway,
    'status', payment_session_status(s.status, s.expires_at),
    'reason', CASE WHEN payment_session_status(s.status, s.expires_at) <> s.status THEN 'expired' ELSE s.reason END,
    'externalTransactionId', s.external_id,
    'redirectUrl', CASE WHEN payment_session_status(s.status, s.expires_at) = 'awaiting_redirect' THEN s.redirect_url END,
    'webhookData', s.webhook_data,
    'expiresAt', time_text(s.expires_at),
    'createdAt', time_text(s.created_at),
    'updatedAt', time_text(s.updated_at))::text;

-- Begins a session, or finds what this Idempotency-Key has begun. The caller then asks the provider, with the session's id as the
-- idempotent request id, and reports with payment_session_created.
--   outcome: started (ask the provider); in_progress (somebody else is asking); replay; mismatch (same key, another body);
--   unknown_order; not_payable (reason: the order's status or payment status); open_session (session: the one that is open).
CREATE FUNCTION payment_session_begin(
    p_organization uuid, p_customer uuid, p_order uuid, p_gateway text, p_return_url text, p_principal text, p_key text,
    p_body_hash text, p_id uuid, p_valid interval, p_lease interval)
RETURNS TABLE (outcome text, session text, body text, amount text, currency text, reason text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
    o orders;
BEGIN
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
        ELSE
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
    ELSIF o.status = 'cancelled' OR o.payment_status NOT IN ('unpaid', 'failed', 'pending') THEN
        outcome := 'not_payable';
        reason := CASE WHEN o.status = 'cancelled' THEN o.status ELSE o.payment_status END;
    ELSE
        UPDATE payment_sessions t SET status = 'failed', reason = 'expired', updated_at = now()
        WHERE t.order_id = p_order AND t.status IN ('creating', 'awaiting_redirect', 'awaiting_callback') AND t.expires_at <= now();
        SELECT t.id::text INTO session FROM payment_sessions t
        WHERE t.order_id = p_order AND t.status IN ('creating', 'awaiting_redirect', 'awaiting_callback');
        IF FOUND THEN
            outcome := 'open_session';
        ELSE
            INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, amount, currency, principal, idempotency_key,
                body_hash, return_url, leased_until, expires_at)
            VALUES (p_id, p_organization, o.customer_id, p_order, p_gateway, o.total_amount, o.currency, p_principal, p_key,
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

-- The provider has made its part: from here on the shopper can be sent there. No row: the session isn't being created anymore.
CREATE FUNCTION payment_session_created(p_id uuid, p_external text, p_redirect_url text) RETURNS TABLE (body text) LANGUAGE plpgsql AS $$
BEGIN
    -- Before the row: an event of this order that is being applied comes to it, too.
    PERFORM payment_lock_orders((SELECT ARRAY[s.order_id::text] FROM payment_sessions s WHERE s.id = p_id), false);
    RETURN QUERY UPDATE payment_sessions s SET status = 'awaiting_redirect', external_id = p_external, redirect_url = p_redirect_url, updated_at = now()
    WHERE s.id = p_id AND s.status = 'creating' AND s.expires_at > now()
    RETURNING payment_session_document(s);
END $$;

-- The provider was away, and the caller has given up for now: the next one need not wait for the lease.
CREATE FUNCTION payment_session_release(p_id uuid) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE payment_sessions s SET leased_until = now(), updated_at = now() WHERE s.id = p_id AND s.status = 'creating';
END;

-- One session, expired or not. p_customer: the only customer whose it may be, or NULL.
CREATE FUNCTION payment_session_get(p_organization uuid, p_id uuid, p_customer uuid)
RETURNS TABLE (body text, customer text, order_id text, external_id text, redirect_url text, status text, gateway text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT payment_session_document(s), s.customer_id::text, s.order_id::text, s.external_id, s.redirect_url,
        payment_session_status(s.status, s.expires_at), s.gateway
    FROM payment_sessions s
    WHERE s.organization_id = p_organization AND s.id = p_id AND s.status <> 'creating' AND (p_customer IS NULL OR s.customer_id = p_customer);
END;

-- Moves a session on: from one of p_from to p_to.
--   outcome: moved; unchanged (it is there already); not_allowed (status: where it is); not_found. body: as it is now.
CREATE FUNCTION payment_session_move(p_organization uuid, p_id uuid, p_customer uuid, p_from text[], p_to text, p_reason text)
RETURNS TABLE (outcome text, body text, status text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
    current_status text;
BEGIN
    SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization AND t.id = p_id AND t.status <> 'creating'
        AND (p_customer IS NULL OR t.customer_id = p_customer) FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    current_status := payment_session_status(s.status, s.expires_at);
    IF current_status = p_to THEN
        outcome := 'unchanged';
    ELSIF current_status = ANY (p_from) THEN
        UPDATE payment_sessions t SET status = p_to, reason = CASE WHEN p_to = 'failed' THEN p_reason END, updated_at = now()
        WHERE t.id = p_id RETURNING * INTO s;
        outcome := 'moved';
    ELSE
        outcome := 'not_allowed';
    END IF;
    body := payment_session_document(s);
    status := payment_session_status(s.status, s.expires_at);
    RETURN NEXT;
END $$;

-- Marks what has expired, at most p_limit sessions; how many there were. Nothing depends on it: expiry counts without it.
CREATE FUNCTION payment_sessions_sweep(p_limit integer) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    WITH swept AS (
        UPDATE payment_sessions s SET status = 'failed', reason = 'expired', updated_at = now()
        WHERE s.id IN (SELECT d.id FROM payment_sessions d WHERE d.status IN ('creating', 'awaiting_redirect', 'awaiting_callback')
            AND d.expires_at <= now() ORDER BY d.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
        RETURNING 1
    )
    SELECT count(*) FROM swept;
END;
