-- Refuses every change of an audit but added rows. Only prune_audit and prune_order_audit delete,
-- and never a row that is younger than a year.
CREATE OR REPLACE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('payments.prune', true) = 'on' AND OLD.at < now() - interval '1 year' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME;
END $$;
