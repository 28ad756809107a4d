-- Products among which all that a list is asked for are found: those of its narrowest filter, if
-- that has no more than found_rows(). NULL if every filter has more.
--   p_search: words that a product's words begin with. p_schema: of this schema. p_active: NULL for
--     any; only inactive ones are few.
-- In plpgsql, since what is counted decides what is collected. Its plans depend on no value, and
-- what is counted is sorted by an index, so that no plan reads a table from end to end.
CREATE OR REPLACE FUNCTION product_candidates(p_organization uuid, p_search text, p_schema uuid,
    p_active boolean)
RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_least bigint := found_rows() + 1;
    v_rarest text;
    v_narrowest text;
    v_word text;
    v_count bigint;
BEGIN
    FOREACH v_word IN ARRAY coalesce(search_words(p_search), '{}') LOOP
        SELECT count(*) INTO v_count FROM (
            SELECT FROM product_words w WHERE w.organization_id = p_organization
                AND w.word >= v_word AND w.word < search_end(v_word)
            ORDER BY w.word LIMIT v_least) AS counted;
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
    RETURN CASE v_narrowest
        WHEN 'word' THEN ARRAY(SELECT DISTINCT w.product_id FROM product_words w
            WHERE w.organization_id = p_organization
                AND w.word >= v_rarest AND w.word < search_end(v_rarest))
        WHEN 'schema' THEN ARRAY(SELECT p.id FROM products p
            WHERE p.organization_id = p_organization AND p.schema_id = p_schema)
        WHEN 'inactive' THEN ARRAY(SELECT p.id FROM products p
            WHERE p.organization_id = p_organization AND p.deleted_at IS NULL AND NOT p.active)
    END;
END $$;
