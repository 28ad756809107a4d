-- Checks, when the transaction commits, that a series goes on right behind its last number: a
-- number that was drawn was used, and none was used that wasn't drawn. A series that no row names
-- any more has ended.
CREATE OR REPLACE FUNCTION invoice_check_numbers() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    s invoice_series;
    last bigint;
BEGIN
    SELECT * INTO s FROM invoice_series t
    WHERE t.organization_id = NEW.organization_id AND t.series = NEW.series;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF s.kind = 'invoice' THEN
        SELECT max(n.number) INTO last FROM invoices n
        WHERE n.organization_id = s.organization_id AND n.series = s.series;
    ELSE
        SELECT max(c.number) INTO last FROM credit_notes c
        WHERE c.organization_id = s.organization_id AND c.series = s.series;
    END IF;
    -- A new series may begin with any number.
    IF s.next_number <> last + 1 THEN
        RAISE EXCEPTION 'series % of organization % goes on with %, and its last number is %',
            s.series, s.organization_id, s.next_number, last
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_numbers',
                TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
