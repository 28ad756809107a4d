-- Checkouts without an account.

ALTER TABLE customers
    -- A shopper without an account: no one but the holder of its token acts for it. It is another
    -- customer with each order, so it shares its e-mail address with others.
    ADD COLUMN guest boolean NOT NULL DEFAULT false;

DROP INDEX customers_email;
CREATE UNIQUE INDEX customers_email ON customers (organization_id, lower(email)) WHERE NOT guest;

\i code/customers/create.sql

-- A row from the beginning of such a checkout until its token ends. What the shopper says of itself
-- becomes a customer with the order.
CREATE TABLE guest_checkouts (
    token_hmac bytea PRIMARY KEY CHECK (length(token_hmac) = 32),
    organization_id uuid NOT NULL REFERENCES organizations,
    -- The customer that the shopper is, once it has ordered.
    customer_id uuid NOT NULL,
    -- As customer_create takes it. NULL: the customer is there.
    customer jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

CREATE INDEX guest_checkouts_expiry ON guest_checkouts (expires_at);
CREATE INDEX guest_checkouts_organization ON guest_checkouts (organization_id);
