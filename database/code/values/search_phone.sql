-- A telephone number as it is searched: its digits without zeros at the beginning, so that
-- +40 722 ... and 0040722... are one. What is looked for goes through this function, too. NULL of
-- NULL, and of a text with letters.
CREATE OR REPLACE FUNCTION search_phone(phone text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN phone !~ '[[:alpha:]]'
    THEN left(ltrim(regexp_replace(phone, '[^0-9]', '', 'g'), '0'), 64) COLLATE "C" END;
