-- Notes that providers gave no answer, for all instances.
--   p_rests: a JSON object: by provider, for how many milliseconds it is to be left alone. NULL for
--   none.
CREATE OR REPLACE FUNCTION provider_rest(p_rests jsonb) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO provider_rests AS r (provider, until)
    SELECT e.key, now() + e.value::bigint * interval '1 millisecond'
    FROM jsonb_each_text(p_rests) AS e ORDER BY e.key
    ON CONFLICT (provider) DO UPDATE SET until = greatest(r.until, excluded.until);
END;
