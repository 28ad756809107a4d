-- A telephone number without its country, as it is searched. It begins with * if the number names
-- a country (by + or 00), which is left out, and with 0 if not: +40 722 ... and +49 722 ... give
-- *722..., 0722 ... gives 0722.... What names a country is looked for among those that don't, and
-- the other way round. NULL of NULL, of a text with letters, and of one without digits.
CREATE OR REPLACE FUNCTION search_national(phone text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN phone !~ '[[:alpha:]]' THEN (
    SELECT left(CASE WHEN d.country
            -- Codes of countries (ITU-T E.164) have one digit, two, or else three.
            THEN '*' || ltrim(substr(d.digits, CASE WHEN d.digits ~ '^[17]' THEN 2
                WHEN d.digits ~ '^(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])' THEN 3
                ELSE 4 END), '0')
            ELSE '0' || d.digits END, 64) COLLATE "C"
    FROM (SELECT regexp_replace(phone, '[^0-9+]', '', 'g') ~ '^(\+|00)' AS country,
        ltrim(regexp_replace(phone, '[^0-9]', '', 'g'), '0') AS digits) AS d
    WHERE d.digits <> '') END;
