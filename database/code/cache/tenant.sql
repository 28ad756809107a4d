-- The one organisation that a row of the outbox is about, as its tags name it: name:organisation,
-- or name:organisation/more. '*' if they name none or several, or if one has another form. The tag
-- of what is drawn from all organisations says nothing about it.
-- In plpgsql and without a pattern, since every statement that changes orders runs this.
CREATE OR REPLACE FUNCTION cache_tenant(p_tags text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    tag text;
    colon integer;
    named text;
    tenant text;
BEGIN
    FOREACH tag IN ARRAY p_tags LOOP
        CONTINUE WHEN tag = 'all';
        colon := strpos(tag, ':');
        named := substr(tag, colon + 1, 36);
        IF named <> tenant OR colon < 2 OR substr(tag, colon + 37, 1) NOT IN ('', '/')
            OR ltrim(left(tag, colon - 1), 'abcdefghijklmnopqrstuvwxyz_') <> '' THEN
            RETURN '*';
        END IF;
        IF tenant IS NULL AND (named NOT LIKE '________-____-____-____-____________'
            OR translate(named, '0123456789abcdef', '') <> '----') THEN
            RETURN '*';
        END IF;
        tenant := named;
    END LOOP;
    RETURN coalesce(tenant, '*');
END $$;
