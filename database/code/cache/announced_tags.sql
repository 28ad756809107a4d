-- The tags that this transaction's triggers have written so far: its writer must forget them.
CREATE OR REPLACE FUNCTION announced_tags() RETURNS text[] LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(array_agg(DISTINCT tag), '{}')
    FROM cache_invalidations i, unnest(i.tags) AS tag WHERE i.xid = pg_current_xact_id();
END;
