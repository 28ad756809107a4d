-- Applies a provider's answer at once, in one transaction, as an event that p_source names. If it
-- can't be applied yet nothing is kept: the provider's event will bring it.
--   p_source: the answer's name, in place of an event's id. p_kind: its type. p_objects: the
--   objects that it shows, as the JSON of commerce's ProviderObject.
--   outcome: applied, already_applied, waiting, needs_review (reason).
--   payment_status: the order's. xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION payment_observed(
    p_provider text, p_account text, p_source text, p_kind text, p_objects jsonb)
RETURNS TABLE (outcome text, reason text, payment_status text, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e uuid;
    a record;
BEGIN
    -- Locked before the event's row is written: a fold of the payment changes that row, too.
    PERFORM payment_lock_objects(p_provider, p_account, p_objects);
    SELECT r.event::uuid INTO e FROM webhook_record(p_provider, p_account, p_source, p_kind,
        encode(sha256(convert_to(p_objects::text, 'UTF8')), 'hex'), NULL, NULL, NULL, now()::text,
        'received', NULL, 86400) AS r;
    SELECT * INTO a FROM payment_event_apply(e, p_objects, true);
    IF a.outcome = 'waiting' THEN
        DELETE FROM webhook_events w WHERE w.id = e;
    END IF;
    RETURN QUERY SELECT a.outcome, a.reason, a.payment_status, coalesce(a.xid, ''), a.tags;
END $$;
