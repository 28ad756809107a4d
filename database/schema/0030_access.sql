-- Tokens that count no longer although they haven't expired. Each row ends with the last token that
-- it stops.
CREATE TABLE access_revocations (
    id uuid PRIMARY KEY,
    -- The organisation of the tokens. It needn't be known here: only the tokens name it.
    organization_id uuid NOT NULL,
    -- token: the one of this id. subject: all of a subject that were issued before a time. session:
    -- those of a subject without an id that were issued at a time.
    kind text NOT NULL CHECK (kind IN ('token', 'subject', 'session')),
    -- The claim jti.
    token_id text CHECK (char_length(token_id) BETWEEN 1 AND 255),
    -- The claim sub.
    subject text CHECK (char_length(subject) BETWEEN 1 AND 255),
    -- Unix seconds, as the claim iat counts them. One that isn't there counts as 0.
    issued bigint CHECK (issued >= 0),
    -- The time from which on none of these tokens would count anyway.
    expires_at timestamptz NOT NULL DEFAULT 'infinity',
    note text CHECK (char_length(note) BETWEEN 1 AND 500),
    revoked_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'token') = (token_id IS NOT NULL)),
    CHECK ((kind = 'token') = (subject IS NULL)),
    CHECK ((kind = 'token') = (issued IS NULL))
);

CREATE UNIQUE INDEX access_revocations_token ON access_revocations (organization_id, token_id)
    WHERE kind = 'token';
CREATE UNIQUE INDEX access_revocations_subject ON access_revocations (organization_id, subject)
    WHERE kind = 'subject';
CREATE UNIQUE INDEX access_revocations_session
    ON access_revocations (organization_id, subject, issued) WHERE kind = 'session';
-- Those that still stop a token, and, from the newest, a page of them.
CREATE INDEX access_revocations_living ON access_revocations (organization_id, expires_at);
CREATE INDEX access_revocations_newest ON access_revocations (organization_id, id);

\i code/cache/announce_access.sql

CREATE TRIGGER announce_insert AFTER INSERT ON access_revocations REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_access();
CREATE TRIGGER announce_update AFTER UPDATE ON access_revocations
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_access();
CREATE TRIGGER announce_delete AFTER DELETE ON access_revocations REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_access();
CREATE TRIGGER announce_truncate AFTER TRUNCATE ON access_revocations
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
ALTER TABLE access_revocations
    ENABLE ALWAYS TRIGGER announce_insert, ENABLE ALWAYS TRIGGER announce_update,
    ENABLE ALWAYS TRIGGER announce_delete, ENABLE ALWAYS TRIGGER announce_truncate;
