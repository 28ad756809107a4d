-- Whether a text is a Romanian CUI: 2 to 10 digits, of which the last is a check digit. The weights
-- are 753217532; the sum is taken times 10, modulo 11, and 10 counts as 0.
CREATE OR REPLACE FUNCTION is_cui(cui text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN cui ~ '^[1-9][0-9]{1,9}$' THEN (
    SELECT sum(substr(lpad(cui, 10, '0'), place, 1)::integer * substr('753217532', place,
        1)::integer) * 10 % 11 % 10
    FROM generate_series(1, 9) AS place
) = right(cui, 1)::integer ELSE false END;
