-- Takes one event again, by an operator's wish, whatever was decided about it except applied.
--   p_organization: the event must be this organisation's; NULL for any. p_principal: the operator.
--   p_lease: for how many seconds nobody else gets it.
--   outcome: replayed; not_found; applied (it has taken effect); without_body (its body has been
--     forgotten). With replayed: event (its id here), provider, account, event_id, body, headers
--     (JSON of the signature's headers).
CREATE OR REPLACE FUNCTION webhook_replay(
    p_organization uuid, p_event uuid, p_principal text, p_lease bigint)
RETURNS TABLE (outcome text, event text, provider text, account text, event_id text, body bytea,
    headers text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e webhook_events;
BEGIN
    SELECT * INTO e FROM webhook_events w WHERE w.id = p_event
        AND (p_organization IS NULL OR w.organization_id = p_organization) FOR UPDATE;
    outcome := CASE WHEN NOT FOUND THEN 'not_found' WHEN e.state = 'applied' THEN 'applied'
        WHEN e.body IS NULL THEN 'without_body' ELSE 'replayed' END;
    IF outcome = 'replayed' THEN
        UPDATE webhook_events w SET state = 'received', reason = NULL,
            next_attempt_at = now() + p_lease * interval '1 second'
        WHERE w.id = p_event;
        INSERT INTO payment_audit (actor, relation, organization_id, order_id, before, after)
        VALUES (p_principal, 'webhook_events', e.organization_id, e.order_id,
            jsonb_build_object('event', p_event, 'state', e.state, 'reason', e.reason),
            jsonb_build_object('event', p_event, 'state', 'received'));
        event := e.id::text;
        provider := e.provider;
        account := e.account;
        event_id := e.event_id;
        body := e.body;
        headers := e.headers::text;
    END IF;
    RETURN NEXT;
END $$;
