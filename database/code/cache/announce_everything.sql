-- Announces everything: a table that is shown in orders was emptied as a whole.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_everything() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO cache_invalidations (tags) VALUES ('{*}');
    RETURN NULL;
END $$;
