-- Customers as JSON, as they are sent. Reads and writes take the same view, so they can't differ.
CREATE OR REPLACE VIEW customer_documents AS
SELECT c.organization_id, c.id, c.version, (
    SELECT row_to_json(d) FROM (SELECT
        c.id,
        c.organization_id AS "organizationId",
        c.name,
        c.email,
        c.company_name AS "companyName",
        c.cui,
        c.address,
        c.version,
        time_text(c.created_at) AS "createdAt",
        time_text(coalesce(c.updated_at, c.created_at)) AS "updatedAt"
    ) AS d
) AS document
FROM customers c;
