-- From this many rows on, saying everything costs less than naming them.
CREATE OR REPLACE FUNCTION announced_rows() RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 200;
