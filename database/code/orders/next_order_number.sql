-- The next order number. One sequence serves all organisations, so no create waits for a row.
CREATE OR REPLACE FUNCTION next_order_number() RETURNS text LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT 'EO-' || lpad(n::text, greatest(8, length(n::text)), '0')
        FROM nextval('order_numbers') AS n;
END;
