-- The tags that announce all that belongs to these organisations: for changes of more rows than are
-- announced by name.
--   p_organizations: each once.
-- Everything is announced in their place if they are too many, and while components may serve whose
-- entries don't depend on tenants (cache_name_tenants). Certificates that such components take live
-- for 1.1 s at most, so tenants are named only when so much time has passed.
CREATE OR REPLACE FUNCTION cache_tenant_tags(p_organizations uuid[]) RETURNS text[]
LANGUAGE plpgsql AS $$
BEGIN
    -- The lock comes first: what the next statement reads is then so at the commit, too.
    PERFORM pg_advisory_xact_lock_shared(cache_tenants_lock());
    IF cardinality(p_organizations) > announced_tenants() OR NOT EXISTS (SELECT FROM cache_state s
        WHERE s.tenants_since < clock_timestamp() - interval '1100 milliseconds') THEN
        RETURN '{*}';
    END IF;
    RETURN ARRAY(SELECT 'tenant:' || o FROM unnest(p_organizations) AS o) || 'all'::text;
END $$;
