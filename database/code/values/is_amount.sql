-- Whether a number is an amount of a currency: not negative, not finer than its smallest unit.
CREATE OR REPLACE FUNCTION is_amount(amount numeric, currency text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN amount >= 0 AND amount = round(amount, minor_digits(currency));
