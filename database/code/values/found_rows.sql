-- The largest number of things that a search collects to sort them, and of things whose words one
-- page of it looks at. Beyond it a list is walked in its own order.
CREATE OR REPLACE FUNCTION found_rows() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 2000;
