-- A number or a code as it is searched: letters and digits alone, in small letters, 64 at most. So
-- EO-00001234 and "eo 00001234" are one. What is looked for goes through this function, too. NULL
-- of NULL.
CREATE OR REPLACE FUNCTION search_code(code text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN left(lower(regexp_replace(code, '[^[:alnum:]]', '', 'g')), 64) COLLATE "C";
