-- Adds one to customers.version with every change of a customer, whichever program changes
-- it.
CREATE OR REPLACE FUNCTION bump_customer_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
    RETURN NEW;
END $$;
