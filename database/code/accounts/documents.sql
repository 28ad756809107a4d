-- Accounts at providers as JSON, as they are sent but for whether there are credentials for them,
-- which Postgres doesn't know.
CREATE OR REPLACE VIEW provider_account_documents AS
SELECT a.id, a.version, (
    SELECT row_to_json(d) FROM (SELECT
        a.id,
        a.provider,
        a.account,
        a.organization_id AS "organizationId",
        a.active,
        a.version,
        time_text(a.created_at) AS "createdAt",
        time_text(coalesce(a.updated_at, a.created_at)) AS "updatedAt"
    ) AS d
) AS document
FROM provider_accounts a;
