-- One account at a provider. No row: not found.
--   body: its JSON. version: the account's, its ETag.
CREATE OR REPLACE FUNCTION provider_account_get(p_id uuid)
RETURNS TABLE (body text, version bigint) LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
    SELECT d.document::text, d.version FROM provider_account_documents d WHERE d.id = p_id;
END;
