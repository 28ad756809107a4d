-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. webhook_missing is the function now.
CREATE OR REPLACE FUNCTION webhook_events_missing(
    p_provider text, p_account text, p_event_ids text[])
RETURNS TABLE (event_id text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT m.event_id FROM webhook_missing(p_provider, p_account, p_event_ids) AS m;
END;
