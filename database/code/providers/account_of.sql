-- The account at a provider that an organisation's next payment goes to: of those that there are
-- credentials for and that are open to payments, the one that was registered last. No row: none of
-- them is the organisation's.
CREATE OR REPLACE FUNCTION provider_account_of(p_organization uuid, p_provider text,
    p_accounts text[])
RETURNS TABLE (account text) LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
    SELECT a.account FROM provider_accounts a
    WHERE a.organization_id = p_organization AND a.provider = p_provider
        AND a.account = ANY (p_accounts) AND a.active
    ORDER BY a.created_at DESC, a.account LIMIT 1;
END;
