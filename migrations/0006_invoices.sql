-- What a Romanian e-invoice (RO e-Factura: EN 16931 with RO_CIUS) needs, copied when it is issued: later changes of the
-- organisation or the customer don't change an invoice.

CREATE TABLE invoices (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL UNIQUE,
    -- The seller.
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    series text NOT NULL CHECK (series ~ '^[A-Z0-9-]{1,20}$'),
    number bigint NOT NULL CHECK (number > 0),
    issue_date date NOT NULL,
    due_date date NOT NULL CHECK (due_date >= issue_date),
    seller_name text NOT NULL CHECK (seller_name <> ''),
    seller_cui text NOT NULL CHECK (is_tax_id(seller_cui)),
    seller_trade_register text CHECK (seller_trade_register <> ''),
    seller_address jsonb NOT NULL CHECK (is_address(seller_address)),
    buyer_name text NOT NULL CHECK (buyer_name <> ''),
    -- NULL for a person: an e-invoice then carries thirteen zeros.
    buyer_cui text CHECK (is_tax_id(buyer_cui)),
    buyer_address jsonb NOT NULL CHECK (is_address(buyer_address)),
    currency currency_code NOT NULL,
    -- Per cent.
    vat_rate numeric(5, 2) NOT NULL CHECK (vat_rate >= 0 AND vat_rate < 100),
    net_amount numeric(15, 3) NOT NULL CHECK (is_amount(net_amount, currency)),
    vat_amount numeric(15, 3) NOT NULL CHECK (is_amount(vat_amount, currency)),
    gross_amount numeric(15, 3) NOT NULL CHECK (is_amount(gross_amount, currency)),
    -- VAT is owed in RON whatever the invoice is in.
    ron_rate numeric(14, 6) NOT NULL DEFAULT 1 CHECK (ron_rate > 0),
    vat_amount_ron numeric(17, 2) NOT NULL CHECK (vat_amount_ron >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, series, number),
    CONSTRAINT invoices_gross_is_net_and_vat CHECK (gross_amount = net_amount + vat_amount),
    -- Prices include VAT, so net and VAT are each rounded: less than one smallest unit apart.
    CONSTRAINT invoices_vat_is_the_rate_of_net
        CHECK (abs(vat_amount - net_amount * vat_rate / 100) < power(10::numeric, -minor_digits(currency))),
    CONSTRAINT invoices_vat_in_ron CHECK (vat_amount_ron = round(vat_amount * ron_rate, 2) AND (currency <> 'RON' OR ron_rate = 1)),
    FOREIGN KEY (order_id, organization_id, customer_id, currency)
        REFERENCES orders (id, organization_id, customer_id, currency) ON UPDATE CASCADE ON DELETE CASCADE
);
