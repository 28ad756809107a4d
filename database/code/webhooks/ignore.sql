-- Ignores an event that turns out to concern nothing of ours, such as in a replay. It isn't taken
-- up again.
CREATE OR REPLACE FUNCTION webhook_ignore(p_event uuid, p_reason text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE webhook_events e SET attempts = e.attempts + 1, state = 'ignored', reason = p_reason
    WHERE e.id = p_event AND e.state = 'received';
END;
