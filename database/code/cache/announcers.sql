-- The triggers without which a change is not seen in the cache: a renewal compares them.
CREATE OR REPLACE FUNCTION cache_announcers() RETURNS TABLE (relation text, name text)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT e.relation, e.trigger FROM expected_triggers() e WHERE e.announces;
END;
