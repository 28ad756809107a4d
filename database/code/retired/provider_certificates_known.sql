-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. certificate_list is the function now.
CREATE OR REPLACE FUNCTION provider_certificates_known() RETURNS TABLE (url text, pem text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT c.url, c.pem FROM certificate_list() AS c;
END;
