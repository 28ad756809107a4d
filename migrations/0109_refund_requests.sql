-- Refunds that an operator has asked for. The provider may be away: the wish is kept here and sent later, exactly once.

CREATE TABLE refund_requests (
    -- Also the idempotent request id that the provider is sent.
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    order_id uuid NOT NULL,
    payment_id uuid NOT NULL REFERENCES payments,
    amount numeric(15, 3) NOT NULL CHECK (amount > 0),
    currency currency_code NOT NULL,
    note text,
    principal text NOT NULL,
    idempotency_key text NOT NULL,
    body_hash text NOT NULL,
    -- queued -> sent | failed. needs_review: the provider may or may not have done it, and no longer knows the request id.
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed', 'needs_review')),
    reason text,
    -- The refund at the provider.
    external_id text,
    attempts integer NOT NULL DEFAULT 0,
    first_attempt_at timestamptz,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    leased_until timestamptz,
    lease uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, principal, idempotency_key),
    CHECK ((external_id IS NOT NULL) = (state = 'sent'))
);

CREATE INDEX refund_requests_due ON refund_requests (next_attempt_at) WHERE state = 'queued';
CREATE INDEX refund_requests_payment ON refund_requests (payment_id);

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON refund_requests FOR EACH ROW EXECUTE FUNCTION audit_payment();

-- How long a provider answers a repeated request id as before; a margin is taken off.
CREATE FUNCTION provider_remembers(provider text) RETURNS interval LANGUAGE sql IMMUTABLE
RETURN CASE provider WHEN 'paypal' THEN interval '5 hours' WHEN 'stripe' THEN interval '23 hours' ELSE interval '0' END;

-- Queues a refund. p_amount NULL: all that is left.
--   outcome: queued; replay (same key, same body); mismatch (same key, another body); not_found; not_refundable (nothing captured, or
--   disputed, or reversed); too_much (more than is left when those under way are taken off).
CREATE FUNCTION refund_request(p_organization uuid, p_payment uuid, p_amount numeric, p_note text, p_principal text, p_key text,
    p_body_hash text, p_id uuid)
RETURNS TABLE (outcome text, request uuid, amount text, currency text, state text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    p payments;
    available numeric;
    wanted numeric;
BEGIN
    PERFORM payment_actor(p_principal);
    SELECT * INTO p FROM payments y WHERE y.organization_id = p_organization AND y.id = p_payment FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT CASE WHEN r.body_hash = p_body_hash AND r.payment_id = p_payment THEN 'replay' ELSE 'mismatch' END, r.id,
        money_text(r.amount, r.currency), r.currency, r.state
    INTO outcome, request, amount, currency, state
    FROM refund_requests r
    WHERE r.organization_id = p_organization AND r.principal = p_principal AND r.idempotency_key = p_key;
    IF FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    -- What is sent shows up in refunded_amount once the provider has told us; until then it counts here. Both at once is too
    -- careful for a moment, never too generous.
    SELECT p.amount - p.refunded_amount - coalesce(sum(r.amount), 0) INTO available FROM refund_requests r
    WHERE r.payment_id = p.id AND (r.state IN ('queued', 'needs_review') OR r.state = 'sent' AND NOT EXISTS (SELECT FROM payment_objects b
        WHERE b.provider = p.provider AND b.account = p.account AND b.kind = 'refund' AND b.object_id = r.external_id));
    wanted := coalesce(p_amount, available);
    currency := p.currency;
    IF p.status NOT IN ('paid', 'partially_refunded') OR p.provider NOT IN ('paypal', 'stripe') THEN
        outcome := 'not_refundable';
    ELSIF wanted <= 0 OR wanted > available OR NOT is_amount(wanted, p.currency) THEN
        outcome := 'too_much';
    ELSE
        INSERT INTO refund_requests (id, organization_id, order_id, payment_id, amount, currency, note, principal, idempotency_key, body_hash)
        VALUES (p_id, p_organization, p.order_id, p_payment, wanted, p.currency, p_note, p_principal, p_key, p_body_hash);
        outcome := 'queued';
        request := p_id;
        amount := money_text(wanted, p.currency);
        state := 'queued';
    END IF;
    RETURN NEXT;
END $$;

-- Takes due refunds to send, each for p_lease. One whose fate is unknown for longer than the provider remembers its id isn't sent again.
CREATE FUNCTION refund_requests_claim(p_limit integer, p_lease interval)
RETURNS TABLE (request uuid, lease uuid, organization text, order_id text, provider text, account text, payment text, amount text,
    currency text, note text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM payment_actor('refund-queue');
    UPDATE refund_requests r SET state = 'needs_review', reason = 'fate-unknown', leased_until = NULL, lease = NULL, updated_at = now()
    FROM payments p
    WHERE p.id = r.payment_id AND r.state = 'queued' AND r.first_attempt_at < now() - provider_remembers(p.provider)
        AND coalesce(r.leased_until, '-infinity') <= now();
    RETURN QUERY
    WITH taken AS (
        UPDATE refund_requests r SET attempts = r.attempts + 1, first_attempt_at = coalesce(r.first_attempt_at, now()),
            leased_until = now() + p_lease, lease = gen_random_uuid(), updated_at = now()
        WHERE r.id IN (SELECT d.id FROM refund_requests d WHERE d.state = 'queued' AND d.next_attempt_at <= now()
            AND coalesce(d.leased_until, '-infinity') <= now() ORDER BY d.next_attempt_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
        RETURNING r.*
    )
    SELECT t.id, t.lease, t.organization_id::text, t.order_id::text, p.provider, p.account, p.external_id,
        money_text(t.amount, t.currency), t.currency::text, t.note
    FROM taken t JOIN payments p ON p.id = t.payment_id;
END $$;

-- Tells what came of an attempt. p_external: the provider's refund. p_retry: try again after so long (the provider was away, its answer was lost).
-- Neither: the provider said no, for p_reason. Only the holder of the lease may tell; false: it isn't anymore.
CREATE FUNCTION refund_request_done(p_id uuid, p_lease uuid, p_external text, p_reason text, p_retry interval) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM payment_actor('refund-queue');
    UPDATE refund_requests r SET
        state = CASE WHEN p_external IS NOT NULL THEN 'sent' WHEN p_retry IS NOT NULL THEN 'queued' ELSE 'failed' END,
        external_id = p_external,
        reason = p_reason,
        next_attempt_at = now() + coalesce(p_retry, interval '0'),
        leased_until = NULL,
        lease = NULL,
        updated_at = now()
    WHERE r.id = p_id AND r.lease = p_lease AND r.state = 'queued';
    RETURN FOUND;
END $$;
