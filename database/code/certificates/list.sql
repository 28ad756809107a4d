-- The sixteen certificates that passed verification last, the newest first.
CREATE OR REPLACE FUNCTION certificate_list() RETURNS TABLE (url text, pem text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT c.url, c.pem FROM provider_certificates c ORDER BY c.passed_at DESC, c.url LIMIT 16;
END;
