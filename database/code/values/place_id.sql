-- The id of a place in a list; place_text makes one. NULL of NULL.
CREATE OR REPLACE FUNCTION place_id(place text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN split_part(place, '_', 2)::uuid;
