-- Lets a new order wait for a change of its customer that is under way, and the other way round, as
-- its foreign key does: announce_customer_profiles relies on it. Bulk loads and restores check no
-- foreign keys.
CREATE OR REPLACE FUNCTION await_customers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM customers c
    WHERE c.organization_id = NEW.organization_id AND c.id = NEW.customer_id FOR KEY SHARE;
    RETURN NULL;
END $$;
