-- The largest number of rows that are announced by name. Beyond it, announcing everything costs
-- less.
CREATE OR REPLACE FUNCTION announced_rows() RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 200;
