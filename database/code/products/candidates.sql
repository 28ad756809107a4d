-- Products among which all that a list is asked for are found, and what is left to ask of each.
--   ids: those of the list's narrowest filter, if that has no more than found_rows(). NULL if every
--     filter has more.
--   words: the words that have still to be looked for, the rarest first, so that most products are
--     told apart by one look; of common ones the longest, which says most. NULL: none.
--   p_search: words that a product's words begin with. p_schema: of this schema. p_active: NULL for
--     any; only inactive ones are few.
-- In plpgsql, since what is counted decides what is collected. Its plans depend on no value, and
-- what is counted is sorted by an index, so that no plan reads a table from end to end.
CREATE OR REPLACE FUNCTION product_candidates(p_organization uuid, p_search text, p_schema uuid,
    p_active boolean, OUT ids uuid[], OUT words text[]) LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_least bigint := found_rows() + 1;
    v_counts bigint[] := '{}';
    v_rarest text;
    v_narrowest text;
    v_word text;
    v_count bigint;
BEGIN
    -- Counting costs. Long words are in fewer, so some of them do for the choice.
    words := ARRAY(SELECT w.word FROM unnest(search_words(p_search)) AS w (word)
        ORDER BY length(w.word) DESC, w.word);
    FOREACH v_word IN ARRAY words[:8] LOOP
        SELECT count(*) INTO v_count FROM (
            SELECT FROM product_words w WHERE w.organization_id = p_organization
                AND w.word >= v_word AND w.word < search_end(v_word)
            ORDER BY w.word LIMIT found_rows() + 1) AS counted;
        v_counts := v_counts || v_count;
        IF v_count < v_least THEN
            v_least := v_count;
            v_rarest := v_word;
            v_narrowest := 'word';
        END IF;
    END LOOP;
    IF p_schema IS NOT NULL THEN
        SELECT count(*) INTO v_count FROM (
            SELECT FROM products p WHERE p.organization_id = p_organization
                AND p.schema_id = p_schema ORDER BY p.created_at LIMIT v_least) AS counted;
        IF v_count < v_least THEN
            v_least := v_count;
            v_narrowest := 'schema';
        END IF;
    END IF;
    IF NOT p_active THEN
        SELECT count(*) INTO v_count FROM (
            SELECT FROM products p WHERE p.organization_id = p_organization
                AND p.deleted_at IS NULL AND NOT p.active
            ORDER BY p.created_at LIMIT v_least) AS counted;
        IF v_count < v_least THEN
            v_narrowest := 'inactive';
        END IF;
    END IF;
    words := (SELECT array_agg(a.word ORDER BY a.count, a.place)
        FROM unnest(words, v_counts) WITH ORDINALITY AS a (word, count, place)
        WHERE v_narrowest IS DISTINCT FROM 'word' OR a.word <> v_rarest);
    ids := CASE v_narrowest
        WHEN 'word' THEN ARRAY(SELECT DISTINCT w.product_id FROM product_words w
            WHERE w.organization_id = p_organization
                AND w.word >= v_rarest AND w.word < search_end(v_rarest))
        WHEN 'schema' THEN ARRAY(SELECT p.id FROM products p
            WHERE p.organization_id = p_organization AND p.schema_id = p_schema)
        WHEN 'inactive' THEN ARRAY(SELECT p.id FROM products p
            WHERE p.organization_id = p_organization AND p.deleted_at IS NULL AND NOT p.active)
    END;
END $$;
