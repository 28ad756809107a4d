-- Work that is due again and again, and that no request asks for. A job is one row, and belongs to
-- the component that has the secrets and hosts that it needs. There are a handful, so a look at all
-- of them is one page, and an index would never be used.
CREATE TABLE jobs (
    name text PRIMARY KEY,
    component text NOT NULL,
    -- From the end of one run to the beginning of the next.
    interval_seconds integer NOT NULL CHECK (interval_seconds > 0),
    next_run timestamptz NOT NULL DEFAULT now(),
    -- Until then nobody else takes it: the one that has it may have died.
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    -- Of the last one that took it. A finish counts only with this one.
    fence bigint NOT NULL DEFAULT 0,
    -- Where the next step goes on; NULL: at the beginning.
    cursor text,
    -- The end of the last run that did all there was.
    last_run timestamptz,
    -- The end of the last step, and what it did.
    last_step timestamptz,
    result jsonb,
    -- How many steps have failed since the last one that didn't.
    failures integer NOT NULL DEFAULT 0,
    -- How many steps this run has taken so far.
    steps integer NOT NULL DEFAULT 0
);

CREATE SEQUENCE job_fences;

INSERT INTO jobs (name, component, interval_seconds) VALUES
    ('redrive', 'webhook-dedup', 15),
    ('reconcile-paypal', 'webhook-dedup', 3600),
    ('reconcile-stripe', 'webhook-dedup', 3600),
    ('refunds', 'payment-session', 30),
    ('sweep', 'payment-session', 60),
    ('prune', 'payment-session', 86400),
    ('expire-stock', 'product-catalog', 60);
