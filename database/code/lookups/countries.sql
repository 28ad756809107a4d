-- All countries by code. Always one row.
--   body: the JSON to send. version, customer: NULL.
CREATE OR REPLACE FUNCTION lookup_countries()
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT row_to_json(shown)::text, NULL::bigint, NULL::text FROM (SELECT array_to_json(ARRAY(
        SELECT row_to_json(d) FROM (
            SELECT l.code, l.name FROM lookups l
            WHERE l.kind = 'country' ORDER BY l.code COLLATE "C") AS d)) AS items) AS shown;
END;
