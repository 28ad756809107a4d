-- Announces schemas: every statement that changes some writes one outbox row, with the tags of
-- all rows before and after it.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_product_schemas() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    changed bigint;
    announced text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT count(*) INTO changed FROM new_rows;
        IF changed BETWEEN 1 AND announced_rows() THEN
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM new_rows r, unnest(schema_tags(r.organization_id, r.id)) AS tag;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO changed FROM old_rows;
        IF changed BETWEEN 1 AND announced_rows() THEN
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM old_rows r, unnest(schema_tags(r.organization_id, r.id)) AS tag;
        END IF;
    ELSE
        SELECT count(*) INTO changed FROM new_rows;
        IF changed BETWEEN 1 AND announced_rows() THEN
            SELECT array_agg(DISTINCT tag) INTO announced
            FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) r,
                unnest(schema_tags(r.organization_id, r.id)) AS tag;
        END IF;
    END IF;
    IF changed > 0 THEN
        INSERT INTO cache_invalidations (tags) VALUES (coalesce(announced, '{*}'));
    END IF;
    RETURN NULL;
END $$;
