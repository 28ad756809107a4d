-- Counts a refused capture of an approved order, and says what becomes of the approval.
--   p_refusals: the number of refusals before. p_reason: the provider's word for it.
--   p_final: the shopper's own means refuse, so this approval is over. Another one may follow.
--   outcome: ended; waiting (it is tried again); needs_review (the event shows it).
--   reason: approval- and the provider's word.
--   xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION approval_refused(
    p_gateway text, p_external text, p_refusals integer, p_event uuid, p_reason text,
    p_final boolean)
RETURNS TABLE (outcome text, reason text, xid text, tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    s payment_sessions;
BEGIN
    SELECT c.xid, c.tags INTO xid, tags
    FROM capture_refused(p_gateway, p_external, p_refusals) AS c;
    SELECT * INTO s FROM payment_sessions t WHERE t.gateway = p_gateway
        AND t.external_id = p_external;
    reason := 'approval-' || p_reason;
    outcome := CASE
        WHEN p_final OR s.id IS NULL THEN 'ended'
        WHEN approval_may_wait(s, (SELECT e.received_at FROM webhook_events e
            WHERE e.id = p_event)) THEN 'waiting'
        ELSE 'needs_review' END;
    IF outcome = 'needs_review' THEN
        PERFORM approval_review(p_event, s.order_id, p_reason);
    END IF;
    RETURN NEXT;
END $$;
