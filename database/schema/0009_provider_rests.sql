-- Providers that gave no answer, and until when they are left alone: each instance of the
-- application learns it with a statement that it sends anyway.
CREATE TABLE provider_rests (
    provider text PRIMARY KEY,
    until timestamptz NOT NULL
);
