-- Refuses every change of the ledger but added rows.
CREATE OR REPLACE FUNCTION transaction_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'payment_transactions is only added to';
END $$;
