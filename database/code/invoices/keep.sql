-- Refuses every change of what was issued but added rows. Only the customer that an invoice's order
-- belongs to may change with the order: the buyer's name and address stand in the invoice.
CREATE OR REPLACE FUNCTION invoice_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    empty boolean;
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'invoices' THEN
        IF to_jsonb(NEW) - 'customer_id' = to_jsonb(OLD) - 'customer_id' THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'TRUNCATE' THEN
        -- Orders without any invoice may be emptied by CASCADE.
        EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I.%I)', TG_TABLE_SCHEMA, TG_TABLE_NAME)
            INTO empty;
        IF empty THEN
            RETURN NULL;
        END IF;
    END IF;
    RAISE EXCEPTION '% is only added to: what was issued stays as it is', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
