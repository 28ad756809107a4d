-- Rules that several tables share, as immutable functions: how exact a currency is, what an amount is, what a tax id is.
-- Bodies are parsed when they are created (RETURN form), so they mean the same under every search_path, and can be inlined.

-- How many digits follow the decimal point (ISO 4217, list one); the table in shared/commerce/src/money.rs says the same.
CREATE FUNCTION minor_digits(currency text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 0
    WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
    ELSE 2
END;

-- Whether this is an amount of that currency: not negative, not finer than its smallest unit.
CREATE FUNCTION is_amount(amount numeric, currency text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN amount >= 0 AND amount = round(amount, minor_digits(currency));

-- The amount as it stands in JSON: '199.90' in EUR, '500' in JPY.
CREATE FUNCTION money_text(amount numeric, currency text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(amount, minor_digits(currency))::text;

-- The time as it stands in JSON: RFC 3339 in UTC with microseconds.
CREATE FUNCTION time_text(moment timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- ISO 4217 by its form; which codes are taken is decided by the application.
CREATE DOMAIN currency_code AS text CHECK (VALUE ~ '^[A-Z]{3}$');

-- A Romanian CUI: 2 to 10 digits, the last of which is a check digit (weights 753217532, times 10, modulo 11, 10 counts as 0).
CREATE FUNCTION is_cui(cui text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN cui ~ '^[1-9][0-9]{1,9}$' THEN (
    SELECT sum(substr(lpad(cui, 10, '0'), place, 1)::integer * substr('753217532', place, 1)::integer) * 10 % 11 % 10
    FROM generate_series(1, 9) AS place
) = right(cui, 1)::integer ELSE false END;

-- A tax id: a CUI with or without RO in front, or another country's VAT number by its form.
CREATE FUNCTION is_tax_id(tax_id text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN is_cui(regexp_replace(tax_id, '^RO', '')) OR tax_id ~ '^(?!RO)[A-Z]{2}[0-9A-Z]{2,13}$';

-- A postal address: an object of texts with at least a street, a town and a country (ISO 3166).
CREATE FUNCTION is_address(address jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN jsonb_typeof(address) = 'object'
    AND coalesce(length(address ->> 'line1') > 0, false)
    AND coalesce(length(address ->> 'city') > 0, false)
    AND coalesce(address ->> 'country' ~ '^[A-Z]{2}$', false);
