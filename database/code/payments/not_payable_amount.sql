-- As above, and the sum that somebody was asked for, or is to be, is no longer the order's.
CREATE OR REPLACE FUNCTION not_payable(o orders, amount numeric, currency text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(not_payable(o), CASE WHEN (o.total_amount, o.currency::text) IS DISTINCT FROM (amount, currency) THEN 'order-changed' END);
