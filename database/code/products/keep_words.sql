-- Keeps the search words of products: each live product has those of its name and its SKU.
-- SECURITY DEFINER: a writer needs no right on the words.
CREATE OR REPLACE FUNCTION product_keep_words() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE product_words;
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM product_words d USING old_rows o WHERE d.product_id = o.id;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO product_words (organization_id, word, product_id)
        SELECT n.organization_id, w.word, n.id
        FROM new_rows n, unnest(search_words(n.name || ' ' || n.sku)) AS w (word)
        WHERE n.deleted_at IS NULL;
    ELSE
        -- Rows whose words are others now. Most changes change none.
        DELETE FROM product_words d USING (
            SELECT o.id, o.organization_id, o.name, o.sku, o.deleted_at IS NULL AS live
            FROM old_rows o
            EXCEPT
            SELECT n.id, n.organization_id, n.name, n.sku, n.deleted_at IS NULL FROM new_rows n
        ) AS gone WHERE d.product_id = gone.id;
        INSERT INTO product_words (organization_id, word, product_id)
        SELECT came.organization_id, w.word, came.id
        FROM (
            SELECT n.id, n.organization_id, n.name, n.sku, n.deleted_at IS NULL AS live
            FROM new_rows n
            EXCEPT
            SELECT o.id, o.organization_id, o.name, o.sku, o.deleted_at IS NULL FROM old_rows o
        ) AS came, unnest(search_words(came.name || ' ' || came.sku)) AS w (word)
        WHERE came.live;
    END IF;
    RETURN NULL;
END $$;
