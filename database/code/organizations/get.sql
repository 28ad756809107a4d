-- One organisation. No row: not found.
--   body: the JSON to send. version: the organisation's, its ETag.
CREATE OR REPLACE FUNCTION organization_get(p_id uuid)
RETURNS TABLE (body text, version bigint) LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
    SELECT d.document::text, d.version FROM organization_documents d WHERE d.id = p_id;
END;
