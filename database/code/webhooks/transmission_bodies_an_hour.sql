-- How many bodies beyond those that are kept (0141) a transmission may bring in an hour, and how many there may be where none makes room.
CREATE OR REPLACE FUNCTION transmission_bodies_an_hour() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 20;
