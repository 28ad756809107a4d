-- Refuses every change of payment_audit but added rows. Only prune_audit deletes, and never a row
-- that is younger than a year.
CREATE OR REPLACE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('payments.prune', true) = 'on' AND OLD.at < now() - interval '1 year' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'payment_audit is only added to';
END $$;
