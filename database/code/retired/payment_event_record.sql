-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. webhook_record is the function now.
CREATE OR REPLACE FUNCTION payment_event_record(
    p_provider text, p_account text, p_event_id text, p_kind text, p_body_sha256 text,
    p_transmission text, p_headers jsonb, p_body bytea, p_occurred_at timestamptz, p_state text,
    p_reason text, p_keep interval)
RETURNS TABLE (outcome text, event uuid, state text, reason text, conflict boolean)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT r.outcome, r.event::uuid, r.state, r.reason INTO outcome, event, state, reason
    FROM webhook_record(p_provider, p_account, p_event_id, p_kind, p_body_sha256, p_transmission,
        p_headers, p_body, p_occurred_at::text, p_state, p_reason,
        extract(epoch FROM p_keep)::bigint) AS r;
    conflict := (SELECT e.conflict FROM webhook_events e WHERE e.id = event);
    RETURN NEXT;
END $$;
