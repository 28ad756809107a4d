-- Whose money it is: accounts at payment providers, each of one organisation. An event of an account pays only orders of its
-- organisation.

CREATE TABLE provider_accounts (
    provider text NOT NULL CHECK (provider IN ('paypal', 'stripe')),
    -- PayPal's merchant id, Stripe's account id.
    account text NOT NULL CHECK (account ~ '^[A-Za-z0-9_-]{1,128}$'),
    organization_id uuid NOT NULL REFERENCES organizations,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, account)
);

CREATE INDEX provider_accounts_organization ON provider_accounts (organization_id);
