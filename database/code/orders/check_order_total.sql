-- Checks, when the transaction commits, that the total of an order is the sum of its items.
CREATE OR REPLACE FUNCTION check_order_total() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    wrong_order uuid;
    touched uuid[];
BEGIN
    IF TG_TABLE_NAME = 'orders' THEN
        touched := ARRAY[NEW.id];
    ELSIF TG_OP = 'INSERT' THEN
        touched := ARRAY[NEW.order_id];
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY[OLD.order_id];
    ELSE
        touched := ARRAY[OLD.order_id, NEW.order_id];
    END IF;
    SELECT o.id INTO wrong_order FROM orders o
    WHERE o.id = ANY (touched)
      AND o.total_amount <> (SELECT coalesce(sum(i.line_total), 0) FROM order_items i
          WHERE i.order_id = o.id);
    IF FOUND THEN
        RAISE EXCEPTION 'the total of order % is not the sum of its items', wrong_order
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_total_is_sum_of_items',
                TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
