-- Announces the names that a shop shows beside codes. They are few and change rarely, so they have
-- one tag.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_lookups() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM cache_announce('{lookups}');
    RETURN NULL;
END $$;
