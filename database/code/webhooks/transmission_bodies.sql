-- The number of bodies of one transmission that are kept.
CREATE OR REPLACE FUNCTION transmission_bodies() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 5;
