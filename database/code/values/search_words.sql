-- The words that a text is found by: without accents, in small letters, cut at blanks and at the
-- signs of ASCII. Each is there once, and has 64 characters at most. What is looked for goes
-- through this function, too, so both sides are cut alike. NULL of NULL.
CREATE OR REPLACE FUNCTION search_words(phrase text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN phrase IS NOT NULL THEN ARRAY(
    SELECT DISTINCT left(w.word, 64) COLLATE "C" AS word FROM regexp_split_to_table(
        -- Accents stand behind their letters in this form (UAX 15), in one block of Unicode.
        lower(regexp_replace(normalize(phrase, NFKD), U&'[\0300-\036F]', '', 'g')),
        '[\s!-/:-@[-`{-~]+') AS w (word)
    WHERE w.word <> '' ORDER BY 1
) END;
