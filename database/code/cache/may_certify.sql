-- Whether every change of this database is sure to be announced, and seen by the connected role. A
-- renewal that finds it false gives no certificate.
-- In plpgsql, since a session keeps its plans: every renewal runs this.
CREATE OR REPLACE FUNCTION cache_may_certify() RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN NOT EXISTS (SELECT FROM cache_faults() f WHERE f.uncached);
END $$;
