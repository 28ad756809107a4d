-- The one organisation that a row of the outbox is about, as its tags name it: name:organisation,
-- or name:organisation/more. '*' if they name none or several, or if one has another form. The tag
-- of what is drawn from all organisations says nothing about it.
-- In plpgsql, since a session keeps its plans: every statement that changes orders runs this.
CREATE OR REPLACE FUNCTION cache_tenant(p_tags text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    tag text;
    named text;
    tenant text;
BEGIN
    FOREACH tag IN ARRAY p_tags LOOP
        CONTINUE WHEN tag = 'all';
        named := substring(tag FROM
            '^[a-z_]+:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:/|$)');
        IF named IS NULL OR named <> tenant THEN
            RETURN '*';
        END IF;
        tenant := named;
    END LOOP;
    RETURN coalesce(tenant, '*');
END $$;
