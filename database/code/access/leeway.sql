-- How long revocations are kept beyond the end of their tokens: a component's clock may be behind
-- that of Postgres, and takes a token for valid for so much longer.
CREATE OR REPLACE FUNCTION access_leeway() RETURNS interval LANGUAGE sql IMMUTABLE
    RETURN interval '1 hour';
