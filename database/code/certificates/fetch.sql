-- Asks for leave to fetch a certificate: at most p_limit fetches within a minute, and one at a time
-- for each URL.
--   granted: whether it may be fetched now.
CREATE OR REPLACE FUNCTION certificate_fetch(p_url text, p_limit integer)
RETURNS TABLE (granted boolean) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('provider_certificate_fetch', 0));
    DELETE FROM provider_certificate_fetches f
    WHERE f.began_at <= clock_timestamp() - interval '1 minute';
    -- The caller that fetches a certificate reports to Redis, if that is there; two seconds later
    -- another one may try.
    granted := (SELECT count(*) FROM provider_certificate_fetches) < p_limit
        AND NOT EXISTS (SELECT FROM provider_certificate_fetches f WHERE f.url = p_url
            AND f.began_at > clock_timestamp() - interval '2 seconds');
    IF granted THEN
        INSERT INTO provider_certificate_fetches (url) VALUES (p_url);
    END IF;
    RETURN NEXT;
END $$;
