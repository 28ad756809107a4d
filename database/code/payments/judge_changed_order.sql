-- Judges an order anew whose total or currency changes, by the payments that it has. It takes no
-- lock but the row's own, which its caller holds. A fold of the same order waits for that row
-- before it judges, so the later of the two sees what the other has done.
CREATE OR REPLACE FUNCTION judge_changed_order() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM payments p WHERE p.order_id = NEW.id) THEN
        NEW.payment_status := (SELECT s.payment_status FROM order_payment_state(NEW) AS s);
    END IF;
    RETURN NEW;
END $$;
