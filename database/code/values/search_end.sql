-- The end of the words that begin so, in the order of bytes: words from `beginning` on and before
-- this one. No word has the character that it ends in.
CREATE OR REPLACE FUNCTION search_end(beginning text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN beginning || U&'\+10FFFF';
