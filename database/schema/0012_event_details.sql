-- The history of an event: each time that somebody has tried it or judged it anew. One row for
-- each transaction: what it has ended in.
CREATE TABLE webhook_attempts (
    event uuid NOT NULL REFERENCES webhook_events ON DELETE CASCADE,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    -- The event's attempts, state and reason after it.
    attempts integer NOT NULL,
    state text NOT NULL,
    reason text,
    PRIMARY KEY (event, xid)
);

\i code/webhooks/note_attempt.sql

CREATE TRIGGER note_attempt AFTER UPDATE ON webhook_events FOR EACH ROW
    WHEN ((OLD.attempts, OLD.state, OLD.reason, OLD.dismissed_at)
        IS DISTINCT FROM (NEW.attempts, NEW.state, NEW.reason, NEW.dismissed_at))
    EXECUTE FUNCTION webhook_note_attempt();

-- Changes that an event or an operator has made, and operators' decisions about an event.
CREATE INDEX payment_audit_actor ON payment_audit (actor, id);
CREATE INDEX payment_audit_event ON payment_audit ((before ->> 'event'), id)
    WHERE relation = 'webhook_events';
