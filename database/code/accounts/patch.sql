-- Opens an account at a provider to new payments, or closes it. An account never becomes another
-- organisation's, since its payments stay where they are.
--   p_only: only one of these versions; NULL for any. p_unless: none of these versions; 0 in it
--     stands for all.
--   outcome: updated; not_found; version_mismatch.
--   body: its JSON if it was updated, else NULL. version: as it is now.
CREATE OR REPLACE FUNCTION provider_account_patch(p_id uuid, p_active boolean, p_only bigint[],
    p_unless bigint[])
RETURNS TABLE (outcome text, body text, version bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    SELECT a.version INTO version FROM provider_accounts a WHERE a.id = p_id FOR NO KEY UPDATE;
    IF version IS NULL THEN
        outcome := 'not_found';
    ELSIF version <> ALL (p_only) OR version = ANY (p_unless) OR 0 = ANY (p_unless) THEN
        outcome := 'version_mismatch';
    ELSE
        UPDATE provider_accounts a SET active = p_active WHERE a.id = p_id;
        SELECT d.document::text, d.version INTO STRICT body, version
        FROM provider_account_documents d WHERE d.id = p_id;
        outcome := 'updated';
    END IF;
    RETURN NEXT;
END $$;
