-- Stores one verified event that says all that is to be known, and lets it take effect at once.
--   p_provider to p_occurred_at, p_keep: as webhook_record's. The event is one of state received.
--   p_objects: the objects that the event's own body shows, which is signed whole.
--   stored: recorded, known, too_many; as webhook_record's outcome.
--   event, state, resting_ms: as webhook_record's.
--   outcome: as webhook_apply's. NULL: it is stored and no more; webhook_apply is to be called. An
--     event that was there before is never applied here: its row is locked, and orders and objects
--     are locked before events everywhere. A new one is seen by nobody else.
--   reason: of the state, or of the outcome. payment_status, xid, tags: as webhook_apply's.
-- What is stored stays, if it can't take effect: also if that takes longer than a statement may.
CREATE OR REPLACE FUNCTION webhook_deliver(
    p_provider text, p_account text, p_event_id text, p_kind text, p_body_sha256 text,
    p_transmission text, p_headers jsonb, p_body bytea, p_occurred_at text, p_keep bigint,
    p_objects jsonb)
RETURNS TABLE (stored text, event text, state text, reason text, outcome text, payment_status text,
    xid text, tags text[], resting_ms bigint)
-- A session plans it once, as payment_fold.
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    r record;
    a record;
BEGIN
    SELECT * INTO r FROM webhook_record(p_provider, p_account, p_event_id, p_kind, p_body_sha256,
        p_transmission, p_headers, p_body, p_occurred_at, 'received', NULL, p_keep);
    IF r.outcome = 'recorded' THEN
        BEGIN
            SELECT * INTO a FROM webhook_apply(r.event::uuid, p_objects, true, NULL, false);
            RETURN QUERY SELECT r.outcome, r.event, r.state, a.reason, a.outcome, a.payment_status,
                a.xid, a.tags, r.resting_ms;
            RETURN;
        EXCEPTION WHEN OTHERS OR query_canceled THEN
            -- webhook_apply on its own says what was wrong, to a caller that knows the event kept.
        END;
    END IF;
    RETURN QUERY SELECT r.outcome, r.event, r.state, r.reason, NULL::text, NULL::text, r.xid,
        r.tags, r.resting_ms;
END $$;
