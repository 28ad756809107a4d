-- Why an object must not count for any order, or NULL: its account, or the payee that it names, is
-- no account of an organisation here.
--   p_owner: the account's organisation, or NULL.
CREATE OR REPLACE FUNCTION payment_object_refusal(p_provider text, p_account text, p_owner uuid,
    p_object jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_owner IS NULL OR p_object ->> 'payee' <> p_account
        AND NOT EXISTS (SELECT FROM provider_accounts a WHERE a.provider = p_provider
            AND a.account = p_object ->> 'payee' AND a.organization_id = p_owner)
    THEN
        RETURN 'unknown-account';
    END IF;
    RETURN NULL;
END $$;
