-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. webhook_dismiss is the function now.
CREATE OR REPLACE FUNCTION webhook_event_dismiss(p_event uuid, p_principal text, p_note text)
RETURNS TABLE (outcome text, event_id text, state text, reason text) LANGUAGE sql
BEGIN ATOMIC
    SELECT * FROM webhook_dismiss(p_event, p_principal, p_note);
END;
