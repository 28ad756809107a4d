-- Writes tags into the outbox, a row for each organisation that they name: a renewal with too many
-- rows replaces them by their organisations.
--   p_tags: what has changed, at least one.
CREATE OR REPLACE FUNCTION cache_announce(p_tags text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cache_tenant(p_tags) <> '*' OR cardinality(p_tags) = 1 THEN
        INSERT INTO cache_invalidations (tags) VALUES (p_tags);
    ELSE
        INSERT INTO cache_invalidations (tags)
        SELECT array_agg(tag) || ARRAY(SELECT 'all' WHERE 'all' = ANY (p_tags))
        FROM unnest(p_tags) AS tag WHERE tag <> 'all' GROUP BY cache_tenant(ARRAY[tag]);
    END IF;
END $$;
