-- Refuses every change of the ledger but added rows. Only transaction_renumber may give a row
-- another xid.
CREATE OR REPLACE FUNCTION transaction_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('payments.renumber', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'payment_transactions is only added to';
END $$;
