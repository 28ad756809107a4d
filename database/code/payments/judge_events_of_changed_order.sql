-- Judges the open events of an order anew whose total, currency, cancellation or deletion changes.
-- An event that somebody else works on is passed over: its own fold waits for the order's row, and
-- judges it then.
CREATE OR REPLACE FUNCTION judge_events_of_changed_order() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM payment_judge_events(ARRAY[NEW.id], true);
    RETURN NULL;
END $$;
