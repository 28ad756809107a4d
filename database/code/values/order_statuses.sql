-- The statuses, in the order of the way; shared/commerce/src/status.rs has the moves between them.
CREATE OR REPLACE FUNCTION order_statuses() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['pending', 'confirmed', 'processing', 'shipped', 'delivered', 'cancelled'];
