-- An amount as it stands in JSON: '199.90' in EUR, '500' in JPY.
CREATE OR REPLACE FUNCTION money_text(amount numeric, currency text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(amount, minor_digits(currency))::text;
