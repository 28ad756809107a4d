-- Keeps one that has passed; all but the newest sixteen go.
CREATE OR REPLACE FUNCTION provider_certificate_keep(p_url text, p_pem text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO provider_certificates (url, pem) VALUES (p_url, p_pem)
    ON CONFLICT (url) DO UPDATE SET pem = excluded.pem, passed_at = now();
    DELETE FROM provider_certificates c WHERE c.url NOT IN (SELECT k.url FROM provider_certificates_known() AS k);
END $$;
