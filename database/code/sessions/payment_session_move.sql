-- As in 0130.
--   outcome also: not_payable (status: cancelled or deleted, or order-changed where the order has another sum by now): the shopper isn't sent
--   to the provider.
CREATE OR REPLACE FUNCTION payment_session_move(p_organization uuid, p_id uuid, p_customer uuid, p_from text[], p_to text, p_reason text)
RETURNS TABLE (outcome text, body text, status text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s payment_sessions;
    current_status text;
    hindrance text;
BEGIN
    SELECT * INTO s FROM payment_sessions t WHERE t.organization_id = p_organization AND t.id = p_id
        AND (t.status <> 'creating' OR t.released_at IS NOT NULL) AND (p_customer IS NULL OR t.customer_id = p_customer) FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    current_status := payment_session_status(s.status, s.expires_at);
    IF current_status = 'creating' THEN
        current_status := 'needs_review';
    END IF;
    IF p_to = 'awaiting_callback' AND current_status = ANY (p_from || p_to) THEN
        -- A payment that is pending may be this session's own: its shopper may go and look at it.
        SELECT nullif(not_payable(o, s.amount, s.currency), 'pending') INTO hindrance FROM orders o WHERE o.id = s.order_id;
    END IF;
    IF hindrance IS NOT NULL THEN
        outcome := 'not_payable';
        body := payment_session_document(s);
        status := hindrance;
        RETURN NEXT;
        RETURN;
    ELSIF current_status = p_to THEN
        outcome := 'unchanged';
    ELSIF current_status = ANY (p_from) THEN
        UPDATE payment_sessions t SET status = p_to, reason = CASE WHEN p_to = 'failed' THEN p_reason END, updated_at = now()
        WHERE t.id = p_id RETURNING * INTO s;
        outcome := 'moved';
    ELSE
        outcome := 'not_allowed';
    END IF;
    body := payment_session_document(s);
    status := body::json ->> 'status';
    RETURN NEXT;
END $$;
