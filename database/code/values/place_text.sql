-- A place in a list that is sorted by time and id: that of its last row so far.
CREATE OR REPLACE FUNCTION place_text(moment timestamptz, id uuid) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN time_text(moment) || '_' || id;
