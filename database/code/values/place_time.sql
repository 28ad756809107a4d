-- The time of a place in a list; place_text makes one. NULL of NULL.
CREATE OR REPLACE FUNCTION place_time(place text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN split_part(place, '_', 1)::timestamptz;
