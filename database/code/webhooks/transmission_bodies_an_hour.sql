-- The number of bodies, beyond those that are kept, that a transmission may bring in an hour.
CREATE OR REPLACE FUNCTION transmission_bodies_an_hour() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 20;
