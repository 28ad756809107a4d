-- Attempts to pay are counted in Postgres, so they are counted while Redis is away, too.

CREATE TABLE payment_attempts (
    -- The window that it counts in: an HMAC stands for the customer or the address.
    key text NOT NULL,
    -- The attempt's, or a random one if it was refused: only one that was admitted counts once
    -- however often it is sent.
    name text NOT NULL,
    refused boolean NOT NULL DEFAULT false,
    attempted_at timestamptz NOT NULL,
    -- When it no longer counts.
    counts_until timestamptz NOT NULL,
    PRIMARY KEY (key, name)
);
CREATE INDEX payment_attempts_over ON payment_attempts (counts_until);
