-- Whether an organisation's payment may be begun at an account: it is its own, and open to new
-- payments. Gateway other has no accounts.
CREATE OR REPLACE FUNCTION account_serves(p_gateway text, p_account text, p_organization uuid)
RETURNS boolean LANGUAGE sql STABLE
RETURN p_gateway = 'other' OR EXISTS (SELECT FROM provider_accounts a
    WHERE a.provider = p_gateway AND a.account = p_account AND a.organization_id = p_organization
        AND a.active);
