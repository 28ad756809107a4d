-- Takes refunds to send. One whose fate is unknown for longer than the provider remembers its id
-- isn't sent again: it goes to needs_review.
--   p_limit: how many at most. p_lease: how long nobody else gets them, as the text of an interval.
--   p_only: this one, due or not, since somebody has asked for it again; NULL: those that are due.
--   lease: what refund_done must name. amount: a decimal number. attempts: with this one.
--   resting_ms: for how long the provider is to be left alone.
CREATE OR REPLACE FUNCTION refund_claim(p_limit integer, p_lease text, p_only uuid)
RETURNS TABLE (request text, lease text, order_id text, provider text, account text, payment text,
    amount text, currency text, note text, attempts integer, resting_ms bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM payment_actor('refund-queue');
    UPDATE refund_requests r SET state = 'needs_review', reason = 'fate-unknown',
        leased_until = NULL, lease = NULL, updated_at = now()
    FROM payments p
    WHERE p.id = r.payment_id AND r.state = 'queued'
        AND r.first_attempt_at < now() - provider_remembers(p.provider)
        AND coalesce(r.leased_until, '-infinity') <= now()
        AND (p_only IS NULL OR r.id = p_only);
    RETURN QUERY
    WITH taken AS (
        UPDATE refund_requests r SET attempts = r.attempts + 1,
            first_attempt_at = coalesce(r.first_attempt_at, now()),
            leased_until = now() + p_lease::interval, lease = gen_random_uuid(), updated_at = now()
        WHERE r.id IN (SELECT d.id FROM refund_requests d WHERE d.state = 'queued'
            AND CASE WHEN p_only IS NULL THEN d.next_attempt_at <= now() ELSE d.id = p_only END
            AND coalesce(d.leased_until, '-infinity') <= now()
            -- Nobody is asked for a refund that is given by hand.
            AND (SELECT p.provider FROM payments p WHERE p.id = d.payment_id) <> 'manual'
            ORDER BY d.next_attempt_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
        RETURNING r.*
    )
    SELECT t.id::text, t.lease::text, t.order_id::text, p.provider, p.account, p.external_id,
        money_text(t.amount, t.currency), t.currency::text, t.note, t.attempts,
        provider_resting(p.provider)
    FROM taken t JOIN payments p ON p.id = t.payment_id;
END $$;
