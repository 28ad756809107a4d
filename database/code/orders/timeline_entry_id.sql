-- The number of an audit's row as the id of a place in a timeline. Rows of two audits never get the
-- same.
--   p_audit: 1 of orders, 2 of payments.
CREATE OR REPLACE FUNCTION timeline_entry_id(p_audit integer, p_row bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (lpad(to_hex(p_audit), 16, '0') || lpad(to_hex(p_row), 16, '0'))::uuid;
