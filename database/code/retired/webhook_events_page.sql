-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. webhook_list is the function now.
CREATE OR REPLACE FUNCTION webhook_events_page(
    p_organization uuid, p_state text, p_limit integer, p_offset integer)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT l.body FROM webhook_list(p_organization, p_state, p_limit, p_offset) AS l;
END;
