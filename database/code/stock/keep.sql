-- Refuses every change of the movements of stock but added rows.
CREATE OR REPLACE FUNCTION stock_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'stock_movements is only added to';
END $$;
