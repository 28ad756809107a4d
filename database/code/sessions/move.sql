-- Moves a payment session on: from one of p_from to p_to. A session that was let go on, and that
-- its provider hasn't made yet, moves as the held one that it is shown as.
--   p_customer: it must be this customer's; NULL for any. p_reason: if p_to is failed.
--   p_actor: the principal that asks, for the audit.
--   outcome: moved; unchanged (it is there already); not_allowed; not_payable (status: cancelled or
--     deleted, or order-changed if the order has another sum by now: the shopper isn't sent to the
--     provider); not_found.
--   body: the session as it is shown. redirect_url: the provider's page, if there is one.
--   xid, tags: the transaction and the session.
CREATE OR REPLACE FUNCTION session_move(
    p_organization uuid, p_session uuid, p_customer uuid, p_from text[], p_to text, p_reason text,
    p_actor text DEFAULT NULL)
RETURNS TABLE (outcome text, body text, status text, redirect_url text, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
    current_status text;
    hindrance text;
BEGIN
    PERFORM payment_actor(p_actor);
    xid := pg_current_xact_id()::text;
    tags := ARRAY['session:' || p_organization || '/' || p_session];
    SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization
        AND t.id = p_session
        AND (t.status <> 'creating' OR t.released_at IS NOT NULL)
        AND (p_customer IS NULL OR t.customer_id = p_customer) FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    redirect_url := s.redirect_url;
    current_status := session_shown_status(s.status, s.expires_at);
    IF p_to = 'awaiting_callback' AND current_status = ANY (p_from || p_to) THEN
        -- A payment that is pending may be this session's own: its shopper may go and look at it.
        SELECT nullif(not_payable(o, s.amount, s.currency), 'pending') INTO hindrance FROM orders o
            WHERE o.id = s.order_id;
    END IF;
    IF hindrance IS NOT NULL THEN
        outcome := 'not_payable';
        body := session_document(s);
        status := hindrance;
        RETURN NEXT;
        RETURN;
    ELSIF current_status = p_to THEN
        outcome := 'unchanged';
    ELSIF current_status = ANY (p_from) THEN
        UPDATE payment_sessions t SET status = p_to, reason = CASE WHEN p_to = 'failed'
            THEN p_reason END, updated_at = now()
        WHERE t.id = p_session RETURNING * INTO s;
        outcome := 'moved';
    ELSE
        outcome := 'not_allowed';
    END IF;
    body := session_document(s);
    status := body::json ->> 'status';
    RETURN NEXT;
END $$;
