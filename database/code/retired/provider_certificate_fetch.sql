-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. certificate_fetch is the function now.
CREATE OR REPLACE FUNCTION provider_certificate_fetch(p_url text, p_limit integer)
RETURNS boolean LANGUAGE sql
BEGIN ATOMIC
    SELECT c.granted FROM certificate_fetch(p_url, p_limit) AS c;
END;
