-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. certificate_keep is the function now.
CREATE OR REPLACE FUNCTION provider_certificate_keep(p_url text, p_pem text)
RETURNS void LANGUAGE sql
BEGIN ATOMIC
    SELECT certificate_keep(p_url, p_pem);
END;
