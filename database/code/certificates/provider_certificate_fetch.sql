-- Whether a certificate may be fetched now: at most p_limit fetches within a minute, one at a time for each URL.
CREATE OR REPLACE FUNCTION provider_certificate_fetch(p_url text, p_limit integer) RETURNS boolean LANGUAGE plpgsql AS $$
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
