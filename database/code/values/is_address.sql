-- A postal address: an object of texts with at least a street, a town and a country (ISO 3166).
CREATE OR REPLACE FUNCTION is_address(address jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN jsonb_typeof(address) = 'object'
    AND coalesce(length(address ->> 'line1') > 0, false)
    AND coalesce(length(address ->> 'city') > 0, false)
    AND coalesce(address ->> 'country' ~ '^[A-Z]{2}$', false);
