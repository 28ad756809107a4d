-- Organisations and their accounts at providers are made and changed over HTTP.

\i code/values/raise_version.sql

ALTER TABLE organizations
    -- Grows by one with every change.
    ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    -- NULL: the organisation was never changed.
    ADD COLUMN updated_at timestamptz;

CREATE INDEX organizations_newest ON organizations (created_at, id);

ALTER TABLE provider_accounts
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    -- Whether new payments may go to it. Its events count either way.
    ADD COLUMN active boolean NOT NULL DEFAULT true,
    ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    ADD COLUMN updated_at timestamptz;

CREATE INDEX provider_accounts_newest ON provider_accounts (created_at, id);
-- Those of one organisation, the newest first.
DROP INDEX provider_accounts_organization;
CREATE INDEX provider_accounts_organization
    ON provider_accounts (organization_id, created_at, id);

CREATE TRIGGER raise_version BEFORE UPDATE ON organizations
    FOR EACH ROW EXECUTE FUNCTION raise_version();
CREATE TRIGGER raise_version BEFORE UPDATE ON provider_accounts
    FOR EACH ROW EXECUTE FUNCTION raise_version();
ALTER TABLE organizations ENABLE ALWAYS TRIGGER raise_version;
ALTER TABLE provider_accounts ENABLE ALWAYS TRIGGER raise_version;
