-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. webhook_tags is the function now.
CREATE OR REPLACE FUNCTION webhook_event_tags(p_event uuid) RETURNS text[] LANGUAGE sql
RETURN webhook_tags(p_event);
