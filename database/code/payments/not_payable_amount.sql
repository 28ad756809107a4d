-- The reason why an order can't be paid over this sum: as not_payable of the order alone, or
-- order-changed if its total is another one by now. NULL: it can.
CREATE OR REPLACE FUNCTION not_payable(o orders, amount numeric, currency text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(not_payable(o), CASE WHEN (o.total_amount, o.currency::text) IS DISTINCT
    FROM (amount, currency) THEN 'order-changed' END);
