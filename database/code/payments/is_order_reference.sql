-- Whether a reference that a provider gave back can be one of our orders'.
CREATE OR REPLACE FUNCTION is_order_reference(reference text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN reference ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
