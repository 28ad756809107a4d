-- Currencies by code. Always one row.
--   p_codes: those in use. A currency without a name goes by its code.
--   body: the JSON to send. version, customer: NULL.
CREATE OR REPLACE FUNCTION lookup_currencies(p_codes text[])
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT row_to_json(shown)::text, NULL::bigint, NULL::text FROM (SELECT array_to_json(ARRAY(
        SELECT row_to_json(d) FROM (
            SELECT c.code, coalesce(l.name, c.code) AS name,
                minor_digits(c.code) AS "minorDigits"
            FROM unnest(p_codes) AS c (code)
            LEFT JOIN lookups l ON l.kind = 'currency' AND l.code = c.code
            ORDER BY c.code COLLATE "C") AS d)) AS items) AS shown;
END;
