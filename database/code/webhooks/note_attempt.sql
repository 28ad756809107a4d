-- Notes what a transaction has made of an event. Of several changes the last one stands.
-- SECURITY DEFINER: every role that changes an event leaves this trace.
CREATE OR REPLACE FUNCTION webhook_note_attempt() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO webhook_attempts AS a (event, attempts, state, reason)
    VALUES (NEW.id, NEW.attempts,
        CASE WHEN NEW.dismissed_at IS NULL THEN NEW.state ELSE 'dismissed' END, NEW.reason)
    ON CONFLICT (event, xid) DO UPDATE SET attempts = excluded.attempts, state = excluded.state,
        reason = excluded.reason;
    RETURN NULL;
END $$;
