-- Certificates of providers that have passed, so that what Redis loses is not fetched again; and the limit of fetches, which holds whatever
-- becomes of Redis.

CREATE TABLE provider_certificates (
    url text PRIMARY KEY CHECK (length(url) BETWEEN 1 AND 500),
    -- As it was served. Whoever uses it checks it again.
    pem text NOT NULL CHECK (octet_length(pem) <= 65536),
    passed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE provider_certificate_fetches (
    url text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The certificates that passed last, the newest first.
CREATE FUNCTION provider_certificates_known() RETURNS TABLE (url text, pem text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT c.url, c.pem FROM provider_certificates c ORDER BY c.passed_at DESC, c.url LIMIT 16;
END;

-- Keeps one that has passed; all but the newest sixteen go.
CREATE FUNCTION provider_certificate_keep(p_url text, p_pem text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO provider_certificates (url, pem) VALUES (p_url, p_pem)
    ON CONFLICT (url) DO UPDATE SET pem = excluded.pem, passed_at = now();
    DELETE FROM provider_certificates c WHERE c.url NOT IN (SELECT k.url FROM provider_certificates_known() AS k);
END $$;

-- Whether a certificate may be fetched now: at most p_limit fetches within a minute, one at a time for each URL.
CREATE FUNCTION provider_certificate_fetch(p_url text, p_limit integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('provider_certificate_fetch', 0));
    DELETE FROM provider_certificate_fetches f WHERE f.began_at <= clock_timestamp() - interval '1 minute';
    IF (SELECT count(*) FROM provider_certificate_fetches) >= p_limit THEN
        RETURN false;
    END IF;
    -- Whoever fetches it reports to Redis, if that is there; after this time it is tried again.
    IF EXISTS (SELECT FROM provider_certificate_fetches f WHERE f.url = p_url AND f.began_at > clock_timestamp() - interval '2 seconds') THEN
        RETURN false;
    END IF;
    INSERT INTO provider_certificate_fetches (url) VALUES (p_url);
    RETURN true;
END $$;
