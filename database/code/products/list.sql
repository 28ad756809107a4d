-- A page of an organisation's products. Always one row.
--   Each filter is NULL if it isn't asked for: p_search: words, each the beginning of a word of the
--   name or the SKU; p_schema; p_active.
--   p_sort: createdAt, updatedAt, name, sku, or price (as a number, whatever the currency).
--   p_direction: asc or desc. Ties are broken by id in the same direction.
--   p_limit: products on a page. p_offset: products before it, a multiple of p_limit.
--   p_after: the id of the last product before the page, and p_after_value, by what it was sorted,
--     as text. NULL: the page is counted by p_offset.
--   body: the JSON to send. page: null after a place. total: null if more than looked_rows() would
--     have to be counted. next: the place where the next page begins, null after the last one.
--   version, customer: NULL.
-- If one of the filters has few products (product_candidates), these are collected and sorted. Else
-- the page walks the index of its sort and picks. It looks at looked_rows() products at most, and if
-- their words have to be looked at, at found_rows(), or at fewer if more than two words are asked
-- for. So it may end before it is full, with a next.
-- The query is put together, so that each sort is planned with its own index.
CREATE OR REPLACE FUNCTION product_list(
    p_organization uuid, p_search text, p_schema uuid, p_active boolean, p_sort text,
    p_direction text, p_limit integer, p_offset integer, p_after_value text, p_after uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
DECLARE
    v_candidates uuid[];
    v_words text[];
    v_column CONSTANT text := CASE p_sort WHEN 'createdAt' THEN 'created_at'
        WHEN 'updatedAt' THEN 'updated_at' ELSE p_sort END;
    v_type CONSTANT text := CASE p_sort WHEN 'createdAt' THEN 'timestamptz'
        WHEN 'updatedAt' THEN 'timestamptz' WHEN 'price' THEN 'numeric' ELSE 'text' END;
    v_order CONSTANT text := format('r.%1$I %2$s, r.id %2$s', v_column,
        CASE p_direction WHEN 'desc' THEN 'DESC' ELSE 'ASC' END);
    v_beyond CONSTANT text := CASE WHEN p_after IS NULL THEN 'true' ELSE
        format('(r.%I, r.id) %s ($8::%s, $9)', v_column,
            CASE p_direction WHEN 'desc' THEN '<' ELSE '>' END, v_type) END;
    v_place CONSTANT text := format(CASE v_type WHEN 'timestamptz' THEN 'time_text(%s)'
        ELSE '%s::text' END || ' || ''_'' || r.id', format('r.%I', v_column));
    -- The words of a product aren't in its row, so looking at it costs more: with each word.
    v_looked bigint := looked_rows();
    -- The products to pick from, the condition of this page, and what is known of the whole list.
    v_rows text;
    v_here text;
    v_total text;
    v_end text;
BEGIN
    SELECT c.ids, c.words INTO v_candidates, v_words
    FROM product_candidates(p_organization, p_search, p_schema, p_active) AS c;
    IF v_words IS NOT NULL THEN
        v_looked := 2 * found_rows() / greatest(cardinality(v_words), 2);
    END IF;
    IF v_candidates IS NULL THEN
        v_rows := format('NOT MATERIALIZED (SELECT r.* FROM products r
            WHERE r.organization_id = $1 AND r.deleted_at IS NULL AND %s
            ORDER BY %s LIMIT %s)', v_beyond, v_order, v_looked);
        v_here := 'true';
        v_total := 'SELECT CASE WHEN $3 IS NULL AND $5 IS NULL AND count(*) <= looked_rows()
                THEN count(*) FILTER (WHERE $4 IS NULL OR c.active = $4) END
            FROM (SELECT p.active FROM products p
                WHERE p.organization_id = $1 AND p.deleted_at IS NULL
                ORDER BY p.created_at, p.id LIMIT looked_rows() + 1) AS c';
        v_end := format('(SELECT %s FROM rows r ORDER BY %s OFFSET %s - 1 LIMIT 1)',
            v_place, v_order, v_looked);
    ELSE
        v_rows := 'MATERIALIZED (SELECT p.* FROM unnest($2) AS c (id)
            JOIN products p ON p.id = c.id
            WHERE p.organization_id = $1 AND p.deleted_at IS NULL)';
        v_here := v_beyond;
        v_total := 'SELECT count(*) FROM matching';
        v_end := 'NULL';
    END IF;
    RETURN QUERY EXECUTE format('
        WITH rows AS %s, matching AS (
            SELECT r.* FROM rows r
            WHERE ($3 IS NULL OR r.schema_id = $3) AND ($4 IS NULL OR r.active = $4)
                -- The first word that it lacks ends the look.
                AND ($5 IS NULL OR NOT EXISTS (SELECT FROM unnest($5) AS a (word)
                    WHERE (SELECT w.word FROM product_words w WHERE w.product_id = r.id
                        AND w.word >= a.word AND w.word < search_end(a.word) LIMIT 1) IS NULL))
        ), page AS MATERIALIZED (
            -- One more than is shown tells whether there is a next page.
            SELECT ARRAY(SELECT r.id FROM matching r WHERE %s ORDER BY %s
                LIMIT $6 + 1 OFFSET $7) AS ids
        )
        SELECT row_to_json(shown)::text, NULL::bigint, NULL::text FROM (SELECT
            array_to_json(ARRAY(
                SELECT d.document
                FROM unnest(page.ids[:$6]) WITH ORDINALITY AS p (id, place)
                JOIN product_documents d ON d.id = p.id ORDER BY p.place
            )) AS items,
            CASE WHEN $9 IS NULL THEN $7 / $6 + 1 END AS page,
            $6 AS "limit",
            (%s) AS total,
            CASE WHEN cardinality(page.ids) > $6
                THEN (SELECT %s FROM products r WHERE r.id = page.ids[$6])
                ELSE %s END AS next
        FROM page) AS shown', v_rows, v_here, v_order, v_total, v_place, v_end)
    USING p_organization, v_candidates, p_schema, p_active, v_words, p_limit, p_offset,
        p_after_value, p_after;
END $$;
