-- Shows an approval for review. A payment of its order settles it (approval_settle).
--   p_hindrance: as approval_hindrance says it, or the provider's word for its refusal.
--   Gives the reason.
CREATE OR REPLACE FUNCTION approval_review(p_event uuid, p_order uuid, p_hindrance text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_reason CONSTANT text := 'approval-' || p_hindrance;
BEGIN
    UPDATE webhook_events e SET attempts = e.attempts + 1, state = 'needs_review',
        reason = v_reason, order_id = p_order
    WHERE e.id = p_event AND e.state = 'received';
    RETURN v_reason;
END $$;
