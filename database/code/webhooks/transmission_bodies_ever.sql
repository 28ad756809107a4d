-- The largest number of bodies of one transmission, even if none makes room for another.
CREATE OR REPLACE FUNCTION transmission_bodies_ever() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 100;
