-- Organisations as JSON, as they are sent. Reads and writes take the same view, so they can't
-- differ.
CREATE OR REPLACE VIEW organization_documents AS
SELECT o.id, o.version, (
    SELECT row_to_json(d) FROM (SELECT
        o.id,
        o.name,
        o.legal_name AS "legalName",
        o.cui,
        o.trade_register AS "tradeRegister",
        o.address,
        o.vat_rate::text AS "vatRate",
        o.iban,
        o.version,
        time_text(o.created_at) AS "createdAt",
        time_text(coalesce(o.updated_at, o.created_at)) AS "updatedAt"
    ) AS d
) AS document
FROM organizations o;
