-- Whether a text is a tax id: a CUI with or without RO in front, or another country's VAT number by
-- its form.
CREATE OR REPLACE FUNCTION is_tax_id(tax_id text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN is_cui(regexp_replace(tax_id, '^RO', '')) OR tax_id ~ '^(?!RO)[A-Z]{2}[0-9A-Z]{2,13}$';
