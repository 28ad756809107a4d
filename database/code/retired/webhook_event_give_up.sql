-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. webhook_give_up is the function now.
CREATE OR REPLACE FUNCTION webhook_event_give_up(p_event uuid, p_reason text) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT webhook_give_up(p_event, p_reason);
END;
