-- Lets an event wait, since nothing could be learnt about it. It is tried less and less often, and
-- shows its reason.
--   p_rests: as provider_rest takes it.
CREATE OR REPLACE FUNCTION webhook_postpone(
    p_event uuid, p_reason text, p_rests jsonb DEFAULT NULL) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    SELECT provider_rest(p_rests);
    UPDATE webhook_events e SET attempts = e.attempts + 1, reason = p_reason,
        next_attempt_at = now() + webhook_pause(e.attempts, e.received_at)
    WHERE e.id = p_event AND e.state = 'received';
END;
