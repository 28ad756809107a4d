-- As in 0120, but locked before the event's row is written: whoever folds its payment changes that row, too.
CREATE OR REPLACE FUNCTION payment_observed(p_provider text, p_account text, p_source text, p_kind text, p_objects jsonb)
RETURNS TABLE (outcome text, reason text, payment_status text, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e uuid;
    a record;
BEGIN
    PERFORM payment_lock_objects(p_provider, p_account, p_objects);
    SELECT r.event INTO e FROM payment_event_record(p_provider, p_account, p_source, p_kind, encode(sha256(convert_to(p_objects::text, 'UTF8')), 'hex'),
        NULL, NULL, NULL, now(), 'received', NULL, interval '1 day') AS r;
    SELECT * INTO a FROM payment_event_apply(e, p_objects, true);
    IF a.outcome = 'waiting' THEN
        DELETE FROM webhook_events w WHERE w.id = e;
    END IF;
    RETURN QUERY SELECT a.outcome, a.reason, a.payment_status, coalesce(a.xid, ''), a.tags;
END $$;
