-- A time as it stands in JSON: RFC 3339 in UTC with microseconds.
CREATE OR REPLACE FUNCTION time_text(moment timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
