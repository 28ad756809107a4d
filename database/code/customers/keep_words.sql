-- Keeps the words of customers equal to customer_word_sources, whichever program changes them.
-- SECURITY DEFINER: a writer needs no right on the words.
CREATE OR REPLACE FUNCTION customer_keep_words() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    v_customers uuid[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE customer_words;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        v_customers := ARRAY(SELECT n.id FROM new_rows n);
    ELSIF TG_OP = 'DELETE' THEN
        v_customers := ARRAY(SELECT o.id FROM old_rows o);
    ELSE
        -- Customers whose words are others now.
        v_customers := ARRAY(
            SELECT c.id FROM (
                (SELECT n.id, n.organization_id, n.email, n.name, n.company_name, n.address
                FROM new_rows n
                EXCEPT
                SELECT o.id, o.organization_id, o.email, o.name, o.company_name, o.address
                FROM old_rows o)
                UNION
                (SELECT o.id, o.organization_id, o.email, o.name, o.company_name, o.address
                FROM old_rows o
                EXCEPT
                SELECT n.id, n.organization_id, n.email, n.name, n.company_name, n.address
                FROM new_rows n)
            ) AS c);
    END IF;
    DELETE FROM customer_words d WHERE d.customer_id = ANY (v_customers);
    INSERT INTO customer_words (customer_id, organization_id, field, word)
    SELECT DISTINCT s.customer_id, s.organization_id, s.field, s.word
    FROM customer_word_sources s WHERE s.customer_id = ANY (v_customers);
    RETURN NULL;
END $$;
