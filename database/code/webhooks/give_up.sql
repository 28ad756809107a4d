-- Sends an event to review: it can only be looked at.
CREATE OR REPLACE FUNCTION webhook_give_up(p_event uuid, p_reason text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE webhook_events e SET attempts = e.attempts + 1, state = 'needs_review', reason = p_reason
    WHERE e.id = p_event AND e.state = 'received';
END;
