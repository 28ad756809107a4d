-- The group of 65,536 transactions that one belongs to.
CREATE OR REPLACE FUNCTION cache_group(p_transaction xid8) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN p_transaction::text::bigint >> 16;
