-- Settles the reviews of approvals of an order that is paid: nothing is left to capture.
-- In plpgsql, since a session keeps its plans: every fold runs this.
CREATE OR REPLACE FUNCTION approval_settle(p_order uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE webhook_events e SET state = 'applied', reason = NULL, applied_at = now()
    WHERE e.order_id = p_order AND e.state = 'needs_review' AND e.reason LIKE 'approval-%';
END $$;
