-- The statuses of orders, in the order of the way. Commerce has the moves between them.
CREATE OR REPLACE FUNCTION order_statuses() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['pending', 'confirmed', 'processing', 'shipped', 'delivered', 'cancelled'];
