-- A payment that looks like fraud is held before its provider is asked: the session waits in needs_review until an operator lets it go
-- on, its caller cancels it, or its time is over. It takes the order's one place like any open session.

ALTER TABLE payment_sessions
    DROP CONSTRAINT payment_sessions_status_check,
    ADD CONSTRAINT payment_sessions_status_check
        CHECK (status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback', 'completed', 'failed')),
    DROP CONSTRAINT payment_sessions_check1,
    ADD CONSTRAINT payment_sessions_external_check
        CHECK (status IN ('creating', 'needs_review', 'failed') OR external_id IS NOT NULL OR gateway = 'other'),
    -- Where the shopper comes back to after giving up; kept for whoever lets a held session go on.
    ADD COLUMN cancel_url text,
    ADD COLUMN review_score integer,
    ADD COLUMN review_signals text[],
    -- Who let it go on. Such a session isn't judged again.
    ADD COLUMN released_by text,
    ADD COLUMN released_at timestamptz;

DROP INDEX payment_sessions_open;
CREATE UNIQUE INDEX payment_sessions_open ON payment_sessions (order_id)
    WHERE status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback');
DROP INDEX payment_sessions_expiry;
CREATE INDEX payment_sessions_expiry ON payment_sessions (expires_at)
    WHERE status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback');
-- What a customer has begun lately, and an organisation's newest.
CREATE INDEX payment_sessions_customer ON payment_sessions (organization_id, customer_id, created_at);
CREATE INDEX payment_sessions_newest ON payment_sessions (organization_id, created_at DESC, id DESC);
CREATE INDEX payments_customer ON payments (organization_id, customer_id);

CREATE OR REPLACE FUNCTION payment_session_status(status text, expires_at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback') AND expires_at <= now()
    THEN 'failed' ELSE status END;

-- As in 0111, and reason says that a held one is under review; why, its caller isn't told. One that was let go on is shown as held until
-- the provider has made its part.
CREATE OR REPLACE FUNCTION payment_session_document(s payment_sessions) RETURNS text LANGUAGE sql STABLE
RETURN json_build_object(
    'id', s.id,
    'orderId', s.order_id,
    'orderTotal', money_text(s.amount, s.currency),
    'currency', s.currency,
    'paymentGateway', s.gateway,
    'status', CASE payment_session_status(s.status, s.expires_at) WHEN 'creating' THEN 'needs_review'
        ELSE payment_session_status(s.status, s.expires_at) END,
    'reason', CASE WHEN payment_session_status(s.status, s.expires_at) <> s.status THEN 'expired'
        WHEN s.status IN ('creating', 'needs_review') THEN 'review' ELSE s.reason END,
    'externalTransactionId', s.external_id,
    'redirectUrl', CASE WHEN payment_session_status(s.status, s.expires_at) = 'awaiting_redirect' THEN s.redirect_url END,
    'webhookData', s.webhook_data,
    'expiresAt', time_text(s.expires_at),
    'createdAt', time_text(s.created_at),
    'updatedAt', time_text(s.updated_at))::text;

-- Why an order can't be paid: its status, or its payment status. NULL: it can.
CREATE FUNCTION not_payable(o orders) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN o.deleted_at IS NOT NULL THEN 'deleted' WHEN o.status = 'cancelled' THEN o.status
    -- Nor while a payment is pending at its provider: it may still come.
    WHEN o.payment_status NOT IN ('unpaid', 'failed') THEN o.payment_status END;

-- As above, and the sum that somebody was asked for, or is to be, is no longer the order's.
CREATE FUNCTION not_payable(o orders, amount numeric, currency text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(not_payable(o), CASE WHEN (o.total_amount, o.currency::text) IS DISTINCT FROM (amount, currency) THEN 'order-changed' END);

-- Whether the money that is paid into an account is this organisation's. Gateway other has no accounts.
CREATE FUNCTION account_serves(p_gateway text, p_account text, p_organization uuid) RETURNS boolean LANGUAGE sql STABLE
RETURN p_gateway = 'other' OR EXISTS (SELECT FROM provider_accounts a
    WHERE a.provider = p_gateway AND a.account = p_account AND a.organization_id = p_organization);

DROP FUNCTION payment_session_begin(uuid, uuid, uuid, text, text, text, text, text, uuid, interval, interval);

-- As in 0111, with held sessions among the open ones; nothing is resumed for an order that can't be paid any more, or over another sum.
--   p_account: where the money goes that is paid through the gateway; NULL for gateway other.
--   outcome also: foreign_account (it isn't this organisation's account, or not the one that the session was begun with).
CREATE FUNCTION payment_session_begin(
    p_organization uuid, p_customer uuid, p_order uuid, p_gateway text, p_account text, p_return_url text, p_principal text, p_key text,
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
        UPDATE payment_sessions t SET status = 'failed', reason = 'expired', updated_at = now()
        WHERE t.order_id = p_order AND t.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
            AND t.expires_at <= now();
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

-- Nothing came of it before a provider was asked, or the provider has said no: the key and the order's place are free again.
-- (One that an operator has let go on was shown, so it stays and has failed.)
CREATE FUNCTION payment_session_abandon(p_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM payment_sessions s WHERE s.id = p_id AND s.status = 'creating' AND s.released_at IS NULL;
    UPDATE payment_sessions s SET status = 'failed', reason = 'refused', updated_at = now() WHERE s.id = p_id AND s.status = 'creating';
END $$;

-- Holds a session that is being created. No row: it isn't being created anymore.
CREATE FUNCTION payment_session_hold(p_id uuid, p_score integer, p_signals text[], p_cancel_url text, p_valid interval)
RETURNS TABLE (body text) LANGUAGE sql
BEGIN ATOMIC
    UPDATE payment_sessions s SET status = 'needs_review', review_score = p_score, review_signals = p_signals, cancel_url = p_cancel_url,
        expires_at = now() + p_valid, updated_at = now()
    WHERE s.id = p_id AND s.status = 'creating' AND s.expires_at > now()
    RETURNING payment_session_document(s);
END;

-- Lets a held session go on: the caller then asks the provider, as with one that has begun.
--   outcome: started; in_progress (somebody has let it go on and is asking the provider); not_allowed (status: where it is);
--   not_payable (status: the order's status or payment status, or order-changed); foreign_account, as above; not_found.
--   p_accounts: by gateway, where the money goes.
CREATE FUNCTION payment_session_approve(p_organization uuid, p_id uuid, p_accounts jsonb, p_principal text, p_valid interval, p_lease interval)
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

-- One session, expired or not. p_customer: the only customer whose it may be, or NULL.
CREATE OR REPLACE FUNCTION payment_session_get(p_organization uuid, p_id uuid, p_customer uuid)
RETURNS TABLE (body text, customer text, order_id text, external_id text, redirect_url text, status text, gateway text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT payment_session_document(s), s.customer_id::text, s.order_id::text, s.external_id, s.redirect_url,
        payment_session_document(s)::json ->> 'status', s.gateway
    FROM payment_sessions s
    WHERE s.organization_id = p_organization AND s.id = p_id AND (s.status <> 'creating' OR s.released_at IS NOT NULL)
        AND (p_customer IS NULL OR s.customer_id = p_customer);
END;

-- As in 0111; one that was let go on, and that its provider hasn't made yet, moves as the held one that it is shown as.
CREATE OR REPLACE FUNCTION payment_session_move(p_organization uuid, p_id uuid, p_customer uuid, p_from text[], p_to text, p_reason text)
RETURNS TABLE (outcome text, body text, status text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
    current_status text;
BEGIN
    SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization AND t.id = p_id
        AND (t.status <> 'creating' OR t.released_at IS NOT NULL) AND (p_customer IS NULL OR t.customer_id = p_customer) FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    current_status := payment_session_status(s.status, s.expires_at);
    IF current_status = 'creating' THEN
        current_status := 'needs_review';
    END IF;
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
    status := body::json ->> 'status';
    RETURN NEXT;
END $$;

CREATE OR REPLACE FUNCTION payment_sessions_sweep(p_limit integer) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    WITH swept AS (
        UPDATE payment_sessions s SET status = 'failed', reason = 'expired', updated_at = now()
        WHERE s.id IN (SELECT d.id FROM payment_sessions d
            WHERE d.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
                AND d.expires_at <= now() ORDER BY d.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
        RETURNING 1
    )
    SELECT count(*) FROM swept;
END;

-- What is known about whoever wants to pay an order, for a fraud score. No row: no such order for this caller.
--   p_session: a session that doesn't count, since it is the one that is asked about.
--   percent_of_largest: the order's total in percent of the customer's largest payment in its currency; NULL where there is none.
CREATE FUNCTION payment_attempt_facts(p_organization uuid, p_order uuid, p_customer uuid, p_session uuid)
RETURNS TABLE (customer text, sessions_last_hour bigint, failed_last_day bigint, paid_before bigint, percent_of_largest bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT o.customer_id::text,
        (SELECT count(*) FROM payment_sessions s WHERE s.organization_id = o.organization_id AND s.customer_id = o.customer_id
            AND s.created_at > now() - interval '1 hour' AND s.id IS DISTINCT FROM p_session),
        p.failed, p.paid,
        CASE WHEN p.largest > 0 THEN least(floor(o.total_amount * 100 / p.largest), 1000000)::bigint END
    FROM orders o CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE p.status = 'failed' AND p.updated_at > now() - interval '1 day') AS failed,
            count(*) FILTER (WHERE p.captured_at IS NOT NULL AND p.currency = o.currency) AS paid,
            max(p.amount) FILTER (WHERE p.captured_at IS NOT NULL AND p.currency = o.currency) AS largest
        FROM payments p WHERE p.organization_id = o.organization_id AND p.customer_id = o.customer_id
    ) AS p
    WHERE o.organization_id = p_organization AND o.id = p_order AND o.deleted_at IS NULL AND (p_customer IS NULL OR o.customer_id = p_customer);
END;

-- The newest sessions of an organisation, of one customer or order or in one status where that is asked for. p_signals: whether to say why
-- one was held.
CREATE FUNCTION payment_sessions_list(p_organization uuid, p_customer uuid, p_order uuid, p_status text, p_limit integer, p_signals boolean)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object('items', coalesce(json_agg(l.item ORDER BY l.created_at DESC, l.id DESC), '[]'), 'limit', p_limit)::text
    FROM (
        SELECT s.created_at, s.id, CASE WHEN p_signals AND s.review_score IS NOT NULL
            THEN (payment_session_document(s)::jsonb || jsonb_build_object('review', jsonb_build_object('score', s.review_score,
                'signals', s.review_signals, 'releasedBy', s.released_by, 'releasedAt', time_text(s.released_at))))::json
            ELSE payment_session_document(s)::json END AS item
        FROM payment_sessions s
        WHERE s.organization_id = p_organization AND (s.status <> 'creating' OR s.released_at IS NOT NULL)
            AND (p_customer IS NULL OR s.customer_id = p_customer) AND (p_order IS NULL OR s.order_id = p_order)
            AND (p_status IS NULL OR payment_session_document(s)::json ->> 'status' = p_status)
        ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit
    ) AS l;
END;
