-- Live products as JSON, as they are sent. Reads and writes take the same view, so they can't
-- differ. A document holds nothing but data, so equal data is equal bytes.
CREATE OR REPLACE VIEW product_documents AS
SELECT p.organization_id, p.id, p.version, (
    SELECT row_to_json(d) FROM (SELECT
        p.id,
        p.organization_id AS "organizationId",
        p.sku,
        p.name,
        p.currency,
        money_text(p.price, p.currency) AS price,
        CASE WHEN p.active THEN 'active' ELSE 'inactive' END AS status,
        p.schema_id AS "schemaId",
        p.version,
        time_text(p.created_at) AS "createdAt",
        time_text(p.updated_at) AS "updatedAt"
    ) AS d
) AS document
FROM products p
WHERE p.deleted_at IS NULL;
