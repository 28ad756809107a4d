-- Who sells, who buys, and what.

CREATE TABLE organizations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL CHECK (name <> ''),
    -- As a seller on invoices.
    legal_name text NOT NULL CHECK (legal_name <> ''),
    cui text NOT NULL UNIQUE CHECK (is_tax_id(cui)),
    trade_register text CHECK (trade_register <> ''),
    address jsonb NOT NULL CHECK (is_address(address)),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE customers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL REFERENCES organizations,
    name text NOT NULL CHECK (name <> ''),
    email text NOT NULL CHECK (email ~ '^[^@\s]+@[^@\s]+$'),
    -- Only where the customer is a company.
    company_name text CHECK (company_name <> ''),
    cui text CHECK (is_tax_id(cui)),
    address jsonb NOT NULL CHECK (is_address(address)),
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((company_name IS NULL) = (cui IS NULL)),
    -- What orders point to: a customer can't be another organisation's.
    UNIQUE (organization_id, id)
);

CREATE UNIQUE INDEX customers_email ON customers (organization_id, lower(email));

-- One row per article and currency: a price is never converted.
CREATE TABLE products (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL REFERENCES organizations,
    sku text NOT NULL CHECK (sku <> ''),
    name text NOT NULL CHECK (name <> ''),
    currency currency_code NOT NULL,
    price numeric(15, 3) NOT NULL CHECK (is_amount(price, currency)),
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, sku, currency)
);
