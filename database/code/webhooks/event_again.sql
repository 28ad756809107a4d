-- webhook_event_replay, and the event itself, taken for p_lease as by webhook_events_claim.
--   outcome: replayed; not_found; applied (it has taken effect); without_body (its body has been forgotten).
CREATE OR REPLACE FUNCTION webhook_event_again(p_organization uuid, p_event uuid, p_principal text, p_lease interval)
RETURNS TABLE (outcome text, event uuid, provider text, account text, event_id text, kind text, body bytea, conflict boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e webhook_events;
BEGIN
    IF NOT webhook_event_replay(p_organization, p_event, p_principal) THEN
        SELECT * INTO e FROM webhook_events w WHERE w.id = p_event AND (p_organization IS NULL OR w.organization_id = p_organization);
        outcome := CASE WHEN NOT FOUND THEN 'not_found' WHEN e.state = 'applied' THEN 'applied' ELSE 'without_body' END;
        RETURN NEXT;
        RETURN;
    END IF;
    UPDATE webhook_events w SET next_attempt_at = now() + p_lease WHERE w.id = p_event RETURNING * INTO e;
    RETURN QUERY SELECT 'replayed', e.id, e.provider, e.account, e.event_id, e.kind, e.body, e.conflict;
END $$;
