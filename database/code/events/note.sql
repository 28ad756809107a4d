-- Notes an event for each row that a statement has changed, without a position. Beyond
-- event_named_rows() rows, and for TRUNCATE, it notes one for each organisation.
--
-- The kind of the rows is the trigger's argument: order, payment, product or stock. Many orders or
-- payments are `orders.changed`, many products or levels of stock `products.changed`.
-- SECURITY DEFINER: a writer needs no right on the events.
CREATE OR REPLACE FUNCTION event_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    kind CONSTANT text := TG_ARGV[0];
    changed bigint;
    organizations uuid[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        organizations := ARRAY(SELECT o.id FROM organizations o);
    ELSIF TG_OP = 'INSERT' THEN
        SELECT count(*) INTO changed FROM new_rows;
        IF changed > event_named_rows() THEN
            organizations := ARRAY(SELECT DISTINCT r.organization_id FROM new_rows r);
        ELSIF changed > 0 THEN
            -- A level of stock is named by its article.
            INSERT INTO events_waiting (organization_id, type, subject, version)
            SELECT r.organization_id, kind || '.changed', coalesce(j.doc ->> 'id', j.doc ->> 'sku'),
                (j.doc ->> 'version')::bigint
            FROM new_rows r, LATERAL (SELECT to_jsonb(r) AS doc OFFSET 0) AS j;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO changed FROM old_rows;
        IF changed > event_named_rows() THEN
            organizations := ARRAY(SELECT DISTINCT r.organization_id FROM old_rows r);
        ELSIF changed > 0 THEN
            -- Its end is one version more.
            INSERT INTO events_waiting (organization_id, type, subject, version)
            SELECT r.organization_id, kind || '.changed', coalesce(j.doc ->> 'id', j.doc ->> 'sku'),
                (j.doc ->> 'version')::bigint + 1
            FROM old_rows r, LATERAL (SELECT to_jsonb(r) AS doc OFFSET 0) AS j;
        END IF;
    ELSE
        -- As most statements do: one row that is where it was.
        IF kind IN ('order', 'product') THEN
            INSERT INTO events_waiting (organization_id, type, subject, version)
            SELECT n.organization_id, kind || '.changed', n.id::text, n.version
            FROM new_rows n
            JOIN old_rows o ON o.id = n.id AND o.organization_id = n.organization_id
            WHERE (SELECT count(*) FROM new_rows) = 1;
            IF FOUND THEN
                RETURN NULL;
            END IF;
        END IF;
        SELECT count(*) INTO changed FROM new_rows;
        IF changed > event_named_rows() THEN
            organizations := ARRAY(SELECT r.organization_id FROM old_rows r
                UNION SELECT r.organization_id FROM new_rows r);
        ELSIF changed > 0 THEN
            -- A row that has moved is an event of both of its places.
            INSERT INTO events_waiting (organization_id, type, subject, version)
            SELECT b.organization_id, kind || '.changed', b.subject, max(b.version)
            FROM (
                SELECT r.organization_id, coalesce(j.doc ->> 'id', j.doc ->> 'sku') AS subject,
                    (j.doc ->> 'version')::bigint AS version
                FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) AS r,
                    LATERAL (SELECT to_jsonb(r) AS doc OFFSET 0) AS j
            ) AS b
            GROUP BY b.organization_id, b.subject;
        END IF;
    END IF;
    IF organizations IS NOT NULL THEN
        INSERT INTO events_waiting (organization_id, type)
        SELECT o, CASE WHEN kind IN ('order', 'payment') THEN 'orders.changed'
            ELSE 'products.changed' END
        FROM unnest(organizations) AS o;
    END IF;
    RETURN NULL;
END $$;
