-- Books what a change of an authorization has reserved or set free. It is no payment until it is
-- captured.
-- SECURITY DEFINER: a writer of objects needs no right on the ledger.
CREATE OR REPLACE FUNCTION transaction_book_reserved() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    o payment_objects := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    reserved numeric := 0;
BEGIN
    IF o.kind <> 'authorization' THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.order_id IS NOT NULL AND OLD.state = 'authorized' THEN
        reserved := -OLD.amount;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.order_id IS NOT NULL AND NEW.state = 'authorized' THEN
        reserved := reserved + NEW.amount;
    END IF;
    INSERT INTO payment_transactions (organization_id, order_id, provider, account, external_id,
        type, amount, currency)
    SELECT r.organization_id, r.id, o.provider, o.account, o.object_id, 'authorization', reserved,
        o.currency
    FROM orders r WHERE r.id = o.order_id AND reserved <> 0;
    RETURN NULL;
END $$;
