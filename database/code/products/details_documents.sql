-- The details of live products as JSON, as they are sent: what a list doesn't show.
CREATE OR REPLACE VIEW product_details_documents AS
SELECT p.organization_id, p.id, (
    SELECT row_to_json(d) FROM (SELECT
        p.id AS "productId",
        p.schema_id AS "schemaId",
        p.description,
        p.fields,
        p.images,
        p.version,
        time_text(p.updated_at) AS "updatedAt"
    ) AS d
) AS document
FROM products p
WHERE p.deleted_at IS NULL;
