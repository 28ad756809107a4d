-- The number of digits after a currency's decimal point (ISO 4217, list one). The table of commerce
-- says the same.
-- Bodies in RETURN form are parsed when they are created: they mean the same under every
-- search_path, and Postgres can inline them.
CREATE OR REPLACE FUNCTION minor_digits(currency text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX',
        'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 0
    WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
    ELSE 2
END;
