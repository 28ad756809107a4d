-- Says whose an account at a provider is. Said again, it changes nothing.
--   outcome: created; known (it is this organisation's already); foreign (it is another's);
--     unknown_organization.
--   body: its JSON, version: the account's, if it is this organisation's.
CREATE OR REPLACE FUNCTION provider_account_create(p_provider text, p_account text,
    p_organization uuid)
RETURNS TABLE (outcome text, body text, version bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    a provider_accounts;
BEGIN
    IF NOT EXISTS (SELECT FROM organizations o WHERE o.id = p_organization) THEN
        outcome := 'unknown_organization';
        RETURN NEXT;
        RETURN;
    END IF;
    INSERT INTO provider_accounts (provider, account, organization_id)
    VALUES (p_provider, p_account, p_organization)
    ON CONFLICT (provider, account) DO NOTHING;
    outcome := CASE WHEN FOUND THEN 'created' ELSE 'known' END;
    SELECT * INTO STRICT a FROM provider_accounts t
    WHERE t.provider = p_provider AND t.account = p_account;
    IF a.organization_id <> p_organization THEN
        outcome := 'foreign';
    ELSE
        SELECT d.document::text, d.version INTO STRICT body, version
        FROM provider_account_documents d WHERE d.id = a.id;
    END IF;
    RETURN NEXT;
END $$;
