-- The largest number of rows that one page of a list looks at. A search that finds less than a page
-- among them says where the next one goes on.
CREATE OR REPLACE FUNCTION looked_rows() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 10000;
