-- Ends a dismissal: an operator has looked at the old state and reason, and at no other. A replay
-- sets both anew, so it ends a dismissal, too.
CREATE OR REPLACE FUNCTION webhook_event_reopen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.dismissed_at := NULL;
    RETURN NEW;
END $$;
