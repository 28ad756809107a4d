-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. webhook_postpone is the function now.
CREATE OR REPLACE FUNCTION webhook_event_postpone(p_event uuid, p_reason text) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT webhook_postpone(p_event, p_reason);
END;
