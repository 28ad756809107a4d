-- Gives a changed session the next version, whichever program changes it. A session whose end is
-- moved and nothing else is the same session.
CREATE OR REPLACE FUNCTION bump_user_session_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.principal, NEW.data::text, NEW.valid_seconds, NEW.created_at, NEW.updated_at)
        IS DISTINCT FROM (OLD.principal, OLD.data::text, OLD.valid_seconds, OLD.created_at,
            OLD.updated_at)
    THEN
        NEW.version := OLD.version + 1;
        NEW.updated_at := now();
    ELSE
        NEW.version := OLD.version;
    END IF;
    RETURN NEW;
END $$;
