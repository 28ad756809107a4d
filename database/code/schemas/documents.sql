-- Schemas as JSON, as they are sent.
CREATE OR REPLACE VIEW schema_documents AS
SELECT s.organization_id, s.id, s.version, (
    SELECT row_to_json(d) FROM (SELECT
        s.id,
        s.organization_id AS "organizationId",
        s.name,
        s.fields,
        s.version,
        time_text(s.created_at) AS "createdAt",
        time_text(s.updated_at) AS "updatedAt"
    ) AS d
) AS document
FROM product_schemas s;
