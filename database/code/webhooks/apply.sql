-- Lets an event take effect, and notes it at the shopper's session: event id, type, status and
-- amount, never the body.
--   p_objects: the objects that the event is about. p_trusted: the provider's API has shown them.
--   p_resource: kind and id of the object that the event names there, or NULL.
--   p_agrees: the API shows that object as the event's body says.
--   outcome: applied, already_applied, waiting, needs_review, ignored, unknown_event; as in
--   payment_event_apply. payment_status: the order's.
--   xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION webhook_apply(
    p_event uuid, p_objects jsonb, p_trusted boolean, p_resource text, p_agrees boolean)
RETURNS TABLE (outcome text, reason text, payment_status text, xid text, tags text[])
LANGUAGE plpgsql AS $$
DECLARE
    a record;
    noted boolean;
BEGIN
    SELECT * INTO a FROM payment_event_apply(p_event, p_objects, p_trusted, p_resource, p_agrees);
    noted := a.session IS NOT NULL AND a.outcome IN ('applied', 'needs_review');
    IF noted THEN
        PERFORM webhook_note_sessions(ARRAY[p_event], ARRAY[(
            SELECT o FROM jsonb_array_elements(p_objects) AS o
                ORDER BY o ->> 'kind' = 'payment' DESC, o ->> 'id' LIMIT 1)]);
    END IF;
    RETURN QUERY SELECT a.outcome, a.reason, a.payment_status, coalesce(a.xid, ''),
        -- All that this transaction has announced, the session included. That it is announced was
        -- seen to before.
        CASE WHEN a.outcome = 'already_applied' THEN webhook_tags(p_event)
            WHEN noted THEN announced_tags()
            ELSE a.tags END;
END $$;
