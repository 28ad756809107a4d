-- Keeps a certificate that has passed verification. All but the newest sixteen are deleted.
CREATE OR REPLACE FUNCTION certificate_keep(p_url text, p_pem text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO provider_certificates (url, pem) VALUES (p_url, p_pem)
    ON CONFLICT (url) DO UPDATE SET pem = excluded.pem, passed_at = now();
    DELETE FROM provider_certificates c
    WHERE c.url NOT IN (SELECT k.url FROM certificate_list() AS k);
END $$;
