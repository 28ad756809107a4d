-- The shopper's way through a session: links that a browser can follow, and a form of the shop's
-- own in place of the provider's page.

ALTER TABLE payment_sessions
    -- redirect: the shopper is sent to the provider's page. embedded: the shop's own page has the
    -- provider's form or buttons.
    ADD COLUMN flow text NOT NULL DEFAULT 'redirect' CHECK (flow IN ('redirect', 'embedded')),
    -- The HMACs that open the redirect and the return page of this session, to every bearer.
    ADD COLUMN redirect_ticket text,
    ADD COLUMN return_ticket text,
    -- The payment at the provider that was made through it: PayPal's capture, Stripe's payment
    -- intent.
    ADD COLUMN external_payment_id text;
