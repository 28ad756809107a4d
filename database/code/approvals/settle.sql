-- Settles the reviews of approvals of orders that are paid: nothing is left to capture.
-- In plpgsql, since a session keeps its plans: every fold runs this.
CREATE OR REPLACE FUNCTION approval_settle(p_orders uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE webhook_events e SET state = 'applied', reason = NULL, applied_at = now()
    WHERE e.order_id = ANY (p_orders) AND e.state = 'needs_review' AND e.reason LIKE 'approval-%';
END $$;
